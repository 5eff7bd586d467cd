# R's side of benchmarks/worker.py: the same commands, the same answers.
# load DATA ROW TASK L1_RATIO FAMILY | run TOL OUT | repeat TOL SECONDS | versions

answer <- function(text) {
  cat(text, "\n", sep = "")
  flush(stdout())
}

answer("started")
suppressMessages({
  library(Matrix)
  library(glmnet)
})
glmnet.control(fdev = 0, devmax = 1)
N_FOLDS <- 10

read_npy <- function(file) {
  con <- file(file, "rb")
  on.exit(close(con))
  readBin(con, "raw", 8)
  length <- readBin(con, "integer", 1, size = 2, endian = "little", signed = FALSE)
  header <- rawToChar(readBin(con, "raw", length))
  shape <- sub(".*'shape': \\(([^)]*)\\).*", "\\1", header)
  shape <- as.numeric(strsplit(gsub(" ", "", shape), ",")[[1]])
  if (length(shape) == 0) shape <- 1
  kind <- sub(".*'descr': '<([a-z][0-9])'.*", "\\1", header)
  what <- if (startsWith(kind, "f")) "double" else "integer"
  values <- readBin(con, what, prod(shape), size = as.integer(substr(kind, 2, 2)))
  if (length(shape) == 2) dim(values) <- shape  # they are written by columns
  values
}

load_problem <- function(words) {
  folder <- words[1]
  problem <<- list(task = words[3], l1_ratio = as.numeric(words[4]), family = words[5])
  if (file.exists(file.path(folder, "X.npy"))) {
    problem$X <<- read_npy(file.path(folder, "X.npy"))
  } else {
    shape <- read_npy(file.path(folder, "shape.npy"))
    problem$X <<- new("dgCMatrix",
      x = read_npy(file.path(folder, "X_data.npy")),
      i = read_npy(file.path(folder, "X_indices.npy")),
      p = read_npy(file.path(folder, "X_indptr.npy")), Dim = as.integer(shape[1:2])
    )
  }
  problem$y <<- read_npy(file.path(folder, "y.npy"))
  problem$alphas <<- read_npy(file.path(words[2], "alphas.npy"))
  problem$folds <<- read_npy(file.path(words[2], "folds.npy"))
  "ok"
}

solve_path <- function(X, y, tol) {
  # It fits y over its standard deviation, which divides the L2 part of least squares.
  spread <- if (problem$family == "gaussian") sqrt(mean((y - mean(y))^2)) else 1
  share <- problem$l1_ratio + spread * (1 - problem$l1_ratio)
  fit <- glmnet(X, y,
    family = problem$family, alpha = problem$l1_ratio / share, lambda = problem$alphas * share,
    standardize = FALSE, thresh = tol, maxit = 1e8
  )
  if (length(fit$lambda) < length(problem$alphas)) stop("gave up")
  fit
}

solve <- function(tol) {
  fit <- solve_path(problem$X, problem$y, tol)
  if (problem$task != "crossval") return(list(fit = fit))
  errors <- sapply(seq_len(N_FOLDS) - 1, function(k) {
    held <- problem$folds == k
    part <- solve_path(problem$X[!held, , drop = FALSE], problem$y[!held], tol)
    deviance_of(part, problem$X[held, , drop = FALSE], problem$y[held])
  })
  list(fit = fit, curve = as.vector(errors %*% tabulate(problem$folds + 1)) / length(problem$y))
}

deviance_of <- function(fit, X, y) {
  eta <- predict(fit, X, type = "link")
  xlogx <- function(x) ifelse(x > 0, x * log(x), 0)
  if (problem$family == "gaussian") return(colMeans((y - eta)^2))
  if (problem$family == "poisson") return(colMeans(2 * (exp(eta) - y * eta + xlogx(y) - y)))
  if (problem$family == "binomial") return(colMeans(2 * (log1p(exp(-abs(eta))) + pmax(eta, 0) - y * eta)))
  largest <- apply(eta, c(1, 3), max)
  total <- largest + log(apply(exp(sweep(eta, c(1, 3), largest)), c(1, 3), sum))
  chosen <- sapply(seq_len(dim(eta)[3]), function(k) eta[cbind(seq_along(y), y + 1, k)])
  colMeans(2 * (total - chosen))
}

# p x n_alphas by columns is the (n_alphas, p) of NumPy; of classes (n_alphas, K, p).
write_found <- function(found, out) {
  coefs <- found$fit$beta
  if (problem$family == "multinomial") {
    tables <- lapply(coefs, as.matrix)
    shape <- c(ncol(tables[[1]]), length(tables), nrow(tables[[1]]))
    values <- array(unlist(tables), c(shape[3], shape[1], shape[2]))
    values <- aperm(values, c(1, 3, 2))
  } else {
    values <- as.matrix(coefs)
    shape <- rev(dim(values))
  }
  con <- file(paste0(out, ".coefs"), "wb")
  writeBin(as.vector(values), con)
  close(con)
  if (!is.null(found$curve)) {
    con <- file(paste0(out, ".curve"), "wb")
    writeBin(found$curve, con)
    close(con)
  }
  paste(shape, collapse = " ")
}

versions <- function(words) paste0("ok R ", getRversion(), ", glmnet ", packageVersion("glmnet"))

# proc.time() counts milliseconds, this microseconds
clock <- function() as.numeric(Sys.time())

run <- function(words) {
  start <- clock()
  found <- solve(as.numeric(words[1]))
  seconds <- clock() - start
  paste("ok", format(seconds, digits = 9), write_found(found, words[2]))
}

repeated <- function(words) {
  tol <- as.numeric(words[1])
  best <- Inf
  end <- clock() + as.numeric(words[2])
  repeat {
    start <- clock()
    solve(tol)
    best <- min(best, clock() - start)
    if (clock() > end) break
  }
  paste("ok", format(best, digits = 9))
}

input <- file("stdin")
open(input)
answer("ready")
while (length(line <- readLines(input, 1)) > 0) {
  words <- strsplit(line, "\t")[[1]]
  does <- switch(words[1], load = load_problem, run = run, "repeat" = repeated, versions = versions)
  answer(tryCatch(does(words[-1]), error = function(e) paste("error", conditionMessage(e))))
}
