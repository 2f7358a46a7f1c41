# Write what base R prints and computes: Rscript rbase.R FILE
#
# Each case is a line "#### KIND DIMENSIONS : NUMBERS" and then what R printed.
out <- file(commandArgs(trailingOnly = TRUE)[1], "w")
case <- function(kind, x, printed, dims = if (is.null(dim(x))) length(x) else dim(x)) {
  numbers <- paste(sprintf("%a", as.double(x)), collapse = " ")
  writeLines(c(paste("####", kind, paste(dims, collapse = " "), ":", numbers), printed), out)
}
shown <- function(x) {
  case("print", x, capture.output(print(x)))
  case("str", x, capture.output(str(x)))
}

special <- list(
  0, 1, -1, 0.1, 1 / 3, 6.351131, 1e5, 123456, 1e-5, 0.0001234, 0.00001234, 1e15, 1e16, 1e-300,
  123456789, 1234567.8, 0.1 + 0.2, 9999999.6, 99999.95, c(1e5, 1), c(1e-300, 1), c(1e10, 1),
  c(123456, 2.5), c(NaN, Inf, -Inf, 1.5), c(-0.0, 1.5), (1:30) * 1000.5, c(0.1, 123.456),
  c(1, 2, 3), c(1.25, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11)
)
for (x in special) shown(as.double(x))

set.seed(1)
for (i in 1:120) {
  x <- rnorm(sample(1:12, 1)) * 10^sample(-12:12, 1)
  if (i %% 3 == 0) x <- round(x, sample(0:4, 1))
  if (i %% 7 == 0) x <- signif(x, 2)
  shown(if (length(x) %% 2 == 0) matrix(x, 2) else x)
}
shown(matrix(rnorm(60) * 1e4, 3)) # too wide for one line
shown(matrix(rnorm(24), 12)) # row labels of two widths
shown(matrix(0, 5, 1))

named <- matrix(c(1.5, -2, 30, 400, 0.001, 6), 2, dimnames = list(c("a", "bbb"), c("x", "yy", "z")))
case("named", named, capture.output(print(named)))

counts <- function(a, b, name_a, name_b) {
  result <- table(a, b)
  names(dimnames(result)) <- c(name_a, name_b)
  case(paste("table", name_a, name_b), c(a, b), capture.output(print(result)),
    dims = length(a))
}
counts(c(0, 1, 1, 2, 10), c(0, 0, 1, 1, 1), "Predicted", "Actual")
counts(c(rep(0, 14), 1, 1, 2), c(rep(0, 13), 1, 1, 2, 2), "Predicted", "Actual")
counts(rep(1:2, 60), rep(c(7, 7, 8), 40), "P", "Actual")

for (i in 1:5) {
  x <- matrix(rnorm(12) * 10^i, 4)
  case("scale", x, sprintf("%.17g", scale(x)))
  case("max_col", x, sprintf("%d", max.col(x, "first") - 1L))
}
tied <- matrix(c(1, 2, 2, 1, 2, 1), 2)
case("max_col", tied, sprintf("%d", max.col(tied, "first") - 1L))
close(out)
