# Write R's iris and mtcars as CSV: Rscript datasets.R FOLDER
folder <- commandArgs(trailingOnly = TRUE)[1]
write.csv(iris, file.path(folder, "iris.csv"), quote = FALSE)
write.csv(mtcars, file.path(folder, "mtcars.csv"), quote = FALSE)
