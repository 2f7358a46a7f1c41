# Write R's iris, mtcars and AirPassengers as CSV: Rscript datasets.R FOLDER
folder <- commandArgs(trailingOnly = TRUE)[1]
write.csv(iris, file.path(folder, "iris.csv"), quote = FALSE)
write.csv(mtcars, file.path(folder, "mtcars.csv"), quote = FALSE)
year <- floor(time(AirPassengers) + 1 / 24) # half a month, so that rounding cannot lose a year
air <- data.frame(
  passengers = as.vector(AirPassengers),
  row.names = sprintf("%.0f-%02.0f", year, cycle(AirPassengers))
)
write.csv(air, file.path(folder, "airpassengers.csv"), quote = FALSE)
