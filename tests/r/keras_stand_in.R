# Functions with the names of R's keras package that note down what they are asked for.
#
# With them the R lines of the Keras lessons can be run without Python: the test sees whether they
# ask for the same model as the Python lines.  Each note is printed as one line.  A model has
# weights of the right shapes, but it predicts 0.5, does not learn, and its gradients are 0.
library <- function(...) invisible()
`::` <- function(package, name) get(as.character(substitute(name)))
`%>%` <- function(left, right) {
  call <- substitute(right)
  eval(as.call(c(call[[1]], substitute(left), as.list(call[-1]))), parent.frame())
}
note <- function(...) cat(..., "\n", sep = "")
set_random_seed <- function(seed) note("seed ", seed)
half <- function(own) {
  force(own)
  function(x) matrix(0.5, nrow(x), own$shape[length(own$shape)])
}
keras_model_sequential <- function() {
  own <- new.env()
  own$compute_loss <- function(x, y, predicted) sum((y - predicted)^2)
  structure(half(own), class = "stand_in", own = own)
}
`$.stand_in` <- function(model, name) get0(name, attr(model, "own"))
add_layer <- function(model, input_shape, text, shape_of, kernel_of = NULL) {
  own <- attr(model, "own") # the layers before this one note themselves first
  if (!is.null(input_shape)) {
    note("input ", paste(input_shape, collapse = " "))
    own$shape <- input_shape
  }
  note(text)
  inputs <- own$shape
  own$shape <- shape_of(inputs)
  own$layers <- c(own$layers, half(list(shape = own$shape)))
  if (!is.null(kernel_of)) {
    kernel <- kernel_of(inputs)
    bias <- array(0, kernel[length(kernel)])
    own$trainable_weights <- c(own$trainable_weights, list(array(0.1, kernel), bias))
  }
  model
}
layer_dense <- function(model, units, activation = "linear", input_shape = NULL) {
  text <- paste("dense", units, activation)
  add_layer(model, input_shape, text, function(shape) units, function(shape) c(shape, units))
}
layer_conv_2d <- function(model, filters, kernel_size, activation = "linear", input_shape = NULL) {
  text <- paste("conv", filters, paste(kernel_size, collapse = " "), activation)
  add_layer(
    model, input_shape, text, function(shape) c(shape[1:2] - kernel_size + 1, filters),
    function(shape) c(kernel_size, shape[3], filters)
  )
}
layer_max_pooling_2d <- function(model, pool_size) {
  text <- paste("pool", paste(pool_size, collapse = " "))
  add_layer(model, NULL, text, function(shape) c(shape[1:2] %/% pool_size, shape[3]))
}
layer_flatten <- function(model) add_layer(model, NULL, "flatten", prod)
get_weights <- function(model) model$trainable_weights
set_weights <- function(model, weights) {
  stopifnot(identical(lapply(weights, dim), lapply(get_weights(model), dim)))
  own <- attr(model, "own")
  own$trainable_weights <- weights
}
train_on_batch <- function(model, x, y) stopifnot(nrow(x) == nrow(y))
k_set_floatx <- function(floatx) invisible()
zeros <- function(total, weights) lapply(weights, function(w) 0 * w)
tape <- structure(list(gradient = zeros), class = "python.builtin.object")
tf <- list(GradientTape = function() tape, constant = identity)
`%as%` <- function(object, name) assign(as.character(substitute(name)), object, parent.frame())
with.python.builtin.object <- function(data, expr, ...) invisible(expr)
dataset_cifar10 <- function() {
  pictures <- function(n) list(x = array(255, c(n, 32, 32, 3)), y = matrix(1:n %% 10))
  list(train = pictures(40), test = pictures(10))
}
to_categorical <- function(y, num_classes) diag(num_classes)[y + 1, ]
evaluate <- function(model, x, y) {
  stopifnot(nrow(x) == nrow(y), max(x) <= 1)
  invisible(c(loss = 0, accuracy = 1))
}
loss_categorical_crossentropy <- function(reduction) paste("categorical_crossentropy", reduction)
optimizer_sgd <- function(learning_rate) paste("sgd", format(learning_rate))
optimizer_adam <- function() "adam"
optimizer_rmsprop <- function(learning_rate) paste("rmsprop", format(learning_rate))
compile <- function(model, optimizer, loss, metrics = NULL) {
  note(paste(c("compile", optimizer, loss, metrics), collapse = " "))
}
fit <- function(model, x, y, epochs, batch_size, validation_split = 0, validation_data = NULL,
                shuffle = TRUE, verbose = 1) {
  stopifnot(nrow(x) == nrow(y), is.null(validation_data) || length(validation_data) == 2)
  note("fit ", epochs, " ", batch_size, " ", validation_split, " ", !is.null(validation_data))
}
predict.stand_in <- function(object, x, verbose = 1) object(x)
summary <- function(model) invisible()
