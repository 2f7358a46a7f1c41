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
  c(9999999.5, 0.1), c(9.120000000000001, -7.57, 1, 2, 3, 4, 5), c(0, 1e-5), -8.36,
  c(1, 2, 3), c(1.25, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11)
)
for (x in special) shown(as.double(x))

set.seed(1)
for (i in 1:150) {
  n <- sample(1:16, 1)
  x <- rnorm(n) * 10^sample(-12:12, 1)
  if (i %% 3 == 0) x <- round(x, sample(0:6, 1))
  if (i %% 7 == 0) x <- signif(x, sample(1:8, 1))
  if (i %% 11 == 0) x <- x * 10^sample(-3:3, n, TRUE)
  if (i %% 13 == 0) x <- 10^sample(1:8, n, TRUE) - sample(c(0.5, 0.05, 0.4, 1e-7), n, TRUE)
  shown(if (length(x) %% 2 == 0) matrix(x, 2) else x)
}
shown(matrix(rnorm(60) * 1e4, 3)) # too wide for one line
shown(matrix(rnorm(24), 12)) # row labels of two widths
shown(matrix(0, 5, 1))
shown(matrix(1, 1, 1))
for (last in c(1.5, 12.5, 123.5, 1234.5)) { # total widths around that of a line
  shown(matrix(c(rep(1234567, 8), last), 1))
}
case("print", numeric(0), capture.output(print(matrix(numeric(0), 0, 3))), dims = c(0, 3))
case("str", numeric(0), capture.output(str(numeric(0))), dims = 0)
whole <- function(x) {
  case("print_whole", x, capture.output(print(x)))
  case("str_whole", x, capture.output(str(x)))
}
whole(100000L)
whole(c(1L, -20L, 300000L))
whole(1:40)
whole(matrix(1:24, 2))
for (n in c(1, 2, 6, 7)) {
  x <- rep(c(TRUE, FALSE), 4)[seq_len(n)]
  case("print_logical", x, capture.output(print(x)))
  case("str_logical", x, capture.output(str(x)))
}

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
counts(1:60 %% 31 + 100, 1:60, "Predicted", "Actual") # too wide for one line
counts(rep(1:2, 60), rep(c(7, 7, 8), 40), "P", "Actual")

for (i in 1:5) {
  x <- matrix(rnorm(12) * 10^i, 4)
  case("scale", x, sprintf("%.14g", scale(x)))
  case("max_col", x, sprintf("%d", max.col(x, "first") - 1L))
}
tied <- matrix(c(1, 2, 2, 1, 2, 1), 2)
case("max_col", tied, sprintf("%d", max.col(tied, "first") - 1L))
close(out)
