# Functions with the names of R's keras package that note down what they are asked for.
#
# With them the R lines of the Keras lessons can be run without Python: the test sees whether they
# ask for the same model as the Python lines.  Each note is printed as one line.
library <- function(...) invisible()
`::` <- function(package, name) get(as.character(substitute(name)))
`%>%` <- function(left, right) {
  call <- substitute(right)
  eval(as.call(c(call[[1]], substitute(left), as.list(call[-1]))), parent.frame())
}
note <- function(...) cat(..., "\n", sep = "")
set_random_seed <- function(seed) note("seed ", seed)
keras_model_sequential <- function() list(outputs = NULL)
layer_dense <- function(model, units, activation = "linear", input_shape = NULL) {
  force(model) # the layers before this one note themselves first
  if (!is.null(input_shape)) note("input ", input_shape)
  note("dense ", units, " ", activation)
  list(outputs = units)
}
layer_conv_2d <- function(model, filters, kernel_size, activation = "linear", input_shape = NULL) {
  force(model)
  if (!is.null(input_shape)) note("input ", paste(input_shape, collapse = " "))
  note("conv ", filters, " ", paste(kernel_size, collapse = " "), " ", activation)
  list(outputs = NULL)
}
layer_max_pooling_2d <- function(model, pool_size) {
  force(model)
  note("pool ", paste(pool_size, collapse = " "))
  list(outputs = NULL)
}
layer_flatten <- function(model) {
  force(model)
  note("flatten")
  list(outputs = NULL)
}
dataset_cifar10 <- function() {
  pictures <- function(n) list(x = array(255, c(n, 32, 32, 3)), y = matrix(1:n %% 10))
  list(train = pictures(20), test = pictures(10))
}
to_categorical <- function(y, num_classes) diag(num_classes)[y + 1, ]
evaluate <- function(model, x, y) {
  stopifnot(nrow(x) == nrow(y), max(x) <= 1)
  invisible(c(loss = 0, accuracy = 1))
}
optimizer_adam <- function() "adam"
optimizer_rmsprop <- function(learning_rate) paste("rmsprop", format(learning_rate))
compile <- function(model, optimizer, loss, metrics) {
  note("compile ", optimizer, " ", loss, " ", paste(metrics, collapse = " "))
}
fit <- function(model, x, y, epochs, batch_size, validation_split = 0, validation_data = NULL,
                verbose = 1) {
  stopifnot(nrow(x) == nrow(y), is.null(validation_data) || length(validation_data) == 2)
  note("fit ", epochs, " ", batch_size, " ", validation_split, " ", !is.null(validation_data))
}
predict <- function(model, x, verbose = 1) matrix(0.5, nrow(x), model$outputs)
summary <- function(model) invisible()
