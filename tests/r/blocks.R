# Run a file of R code in blocks: Rscript blocks.R CODE OUTPUT [VARIABLE ...]
#
# A line "#### NAME" begins a block.  For each block the output file has that line and then what R
# printed.  At the end it has, for each variable named, a line "#### variable NAME DIMENSIONS" and
# its numbers by column, with 17 significant digits, which tell any two doubles apart.
arguments <- commandArgs(trailingOnly = TRUE)
code <- readLines(arguments[1])
out <- file(arguments[2], "w")
workspace <- new.env() # apart from the variables of this script
starts <- grep("^#### ", code)
ends <- c(starts[-1] - 1, length(code))
for (i in seq_along(starts)) {
  expressions <- parse(text = code[(starts[i] + 1):ends[i]])
  printed <- capture.output(
    for (expression in expressions) {
      result <- withVisible(eval(expression, workspace))
      if (result$visible) print(result$value)
    }
  )
  writeLines(c(code[starts[i]], printed), out)
}
for (name in arguments[-(1:2)]) {
  value <- get(name, workspace)
  dims <- if (is.null(dim(value))) length(value) else dim(value)
  writeLines(c(
    paste("#### variable", name, paste(dims, collapse = " ")), sprintf("%.17g", value)
  ), out)
}
close(out)
