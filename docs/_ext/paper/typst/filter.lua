-- What pandoc is to write for the elements that `page_to_typst.py` has marked: calls of the
-- functions in `course.typ`.

local function quoted(text)
  local inner = text:gsub('\\', '\\\\'):gsub('"', '\\"'):gsub('\n', '\\n')
  return '"' .. inner .. '"'
end

local function inline(code)
  -- The semicolon keeps a bracket that follows from being read as a further argument.
  return pandoc.RawInline('typst', '#' .. code .. ';')
end

local function around(call, blocks)
  local result = pandoc.List({ pandoc.RawBlock('typst', '#' .. call .. '[') })
  result:extend(blocks)
  result:insert(pandoc.RawBlock('typst', ']'))
  return result
end

local function plain(blocks)
  return pandoc.write(pandoc.Pandoc(blocks), 'typst')
end

function CodeBlock(element)
  local kind, language = element.classes[1], element.classes[2]
  return pandoc.RawBlock('typst', string.format(
    '#source(%s, kind: %s, language: %s)', quoted(element.text), quoted(kind), quoted(language)))
end

function Math(element)
  -- Only inside a span with its words, see below.
  error('A formula without words: ' .. element.text)
end

function Span(element)
  local words = element.attributes['words']
  if not words then
    return nil
  end
  local formula = element.content[1]
  local written = plain({ pandoc.Plain({ formula }) }):gsub('^%s*%$%s*', ''):gsub('%s*%$%s*$', '')
  -- What pandoc makes of the space \;, and its name for a sign that Typst calls otherwise today.
  written = written:gsub('#h%(0em%)', 'thick'):gsub('dot%.circle', 'dot.o')
  -- The name of a function, so that no space comes before its bracket.
  written = written:gsub('"(%a+)" \\([%(%[])', 'op("%1")\\%2')
  return inline(string.format('math.equation(block: %s, alt: %s, $%s$)',
    tostring(formula.mathtype == 'DisplayMath'), quoted(words), written))
end

function Link(element)
  local target = element.target
  if target:sub(1, 1) ~= '#' then
    return nil
  end
  local text = plain({ pandoc.Plain(element.content) }):gsub('%s+$', '')
  local term = element.attributes['term']
  if term then
    return inline(string.format('term(%s, %s)[%s]', quoted(term), quoted(target:sub(2)), text))
  end
  return inline(string.format('to(%s)[%s]', quoted(target:sub(2)), text))
end

function Image(element)
  return inline(string.format('picture(%s, alt: %s, width: %spt)',
    quoted(element.src), quoted(element.attributes['words']), element.attributes['points']))
end

function Div(element)
  local kind = element.classes[1]
  if kind == 'admonition' then
    return around('admonition(' .. quoted(element.attributes['heading']) .. ')', element.content)
  elseif kind == 'room' then
    return pandoc.RawBlock('typst', '#room(' .. element.attributes['lines'] .. ')')
  elseif kind == 'noted' then
    return around('noted(' .. element.attributes['number'] .. ')', element.content)
  elseif kind == 'beside' then
    local result = pandoc.List({ pandoc.RawBlock('typst', '#beside([') })
    result:extend(element.content[1].content)
    result:insert(pandoc.RawBlock('typst', '], ['))
    result:extend(element.content[2].content)
    result:insert(pandoc.RawBlock('typst', '])'))
    return result
  elseif kind then
    return around(kind, element.content)
  end
end

function DefinitionList(element)
  local result = pandoc.List()
  for _, item in ipairs(element.content) do
    local places, names = {}, {} -- several terms may share a definition
    for _, part in ipairs(item[1]) do
      if part.t == 'Span' then
        local plain_name = quoted(pandoc.utils.stringify(part))
        table.insert(places, '(' .. plain_name .. ', ' .. quoted(part.attributes['anchor']) .. ')')
        table.insert(names, (plain({ pandoc.Plain(part.content) }):gsub('%s+$', '')))
      end
    end
    result:insert(pandoc.RawBlock('typst', string.format('#definition((%s,))[%s][',
      table.concat(places, ', '), table.concat(names, ', '))))
    for _, blocks in ipairs(item[2]) do
      result:extend(blocks)
    end
    result:insert(pandoc.RawBlock('typst', ']'))
  end
  return result
end

-- From the inside out in one walk, but formulas only where their span sees them.
return { { Span = Span }, { Math = Math, Link = Link, Image = Image, CodeBlock = CodeBlock },
  { Div = Div, DefinitionList = DefinitionList } }
