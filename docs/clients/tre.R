# Released tables in R, with base R alone (4.1 or later): source("tre.R").
#
#   tre_read(place)        a published release, from its folder or its web address: a data frame
#   tre_register(place)    the releases of a public register: a data frame
#   tre_cite(release)      how to cite it
#   tre_meanings(release)  what each status means
#   tre_verify(...)        signature and log, by `tre-audit`
#   tre_ask(...), tre_fetch(...)  a question and its answer, by `tre-researcher`
#
# R checks that every file is the one that release.json names (SHA-256, by R 4.5 or a program of the system).
# That release.json is the gate's, and in the log, only `tre_verify` says: base R has no Ed25519.

# --- reading ------------------------------------------------------------------------------

tre_plain <- "^[A-Za-z0-9][A-Za-z0-9._-]{0,99}$" # names that stay in a folder

# A release as a data frame: labels, then of each measure its numbers and, as a factor, their statuses.
# A number that is not shown is NA, and its status says why. Stops where a file is missing, is another
# one than release.json names, or is no table of ours. `check = FALSE` is for machines that cannot digest.
tre_read <- function(place, check = TRUE) {
  fetch <- tre_fetcher(place)
  statement <- tre_json_file(fetch("release.json"))$statement
  named <- vapply(statement$files, function(each) each$name, "")
  if (length(named) == 0 || anyDuplicated(named) || !all(grepl(tre_plain, named))) {
    stop("release.json does not name the files of a release", call. = FALSE)
  }
  paths <- vapply(named, fetch, "")
  if (check) tre_check_digests(paths, vapply(statement$files, function(each) each$sha256, ""))
  at <- function(name) {
    if (!name %in% named) stop("release.json names no ", name, call. = FALSE)
    paths[[name]]
  }
  described <- tre_json_file(at("table.csv-metadata.json"))
  table <- tre_table(at("table.csv"), described)
  attr(table, "tre") <- list(
    title = described[["dc:title"]],
    protection = described[["dc:description"]],
    meanings = tre_meanings_of(described),
    statement = statement,
    record = tre_json_file(at("disclosure-record.json")),
    checked = check,
    sha256 = if (check) tre_sha256(fetch("release.json")) else NA_character_
  )
  class(table) <- c("tre_release", "data.frame")
  table
}

# The releases of a public register, newest first; `place` is its folder or its web address.
tre_register <- function(place) {
  register <- tre_json_file(tre_fetcher(place)("register.json"))
  text <- function(name) {
    vapply(register$releases, function(each) {
      value <- each[[name]]
      if (is.null(value)) NA_character_ else as.character(value)
    }, "")
  }
  columns <- c("release_id", "project_id", "title", "released_at", "state", "corrected_by", "template")
  frame <- as.data.frame(sapply(columns, text, simplify = FALSE), stringsAsFactors = FALSE)
  frame$folder <- if (nrow(frame)) paste0(sub("/+$", "", place), "/releases/", frame$release_id) else character()
  frame
}

# A function that gives the path of a file of a folder, or of a file fetched from a web address.
tre_fetcher <- function(place) {
  if (!grepl("^https?://", place)) {
    return(function(name) {
      path <- file.path(place, name)
      if (!file.exists(path)) stop("there is no ", name, " in this folder", call. = FALSE)
      path
    })
  }
  folder <- tempfile("tre-")
  dir.create(folder)
  function(name) {
    path <- file.path(folder, name)
    if (file.exists(path)) return(path)
    address <- paste0(sub("/+$", "", place), "/", name)
    status <- tryCatch(
      suppressWarnings(utils::download.file(address, path, mode = "wb", quiet = TRUE)),
      error = function(...) 1L
    )
    if (status != 0 || !file.exists(path)) stop("cannot fetch ", name, " from this address", call. = FALSE)
    path
  }
}

# The rows of table.csv with the types of its description (CSV on the Web, 2015).
tre_table <- function(path, described) {
  columns <- described$tableSchema$columns
  names <- vapply(columns, function(each) each$name, "")
  table <- utils::read.csv(
    path,
    colClasses = "character", check.names = FALSE, na.strings = character(),
    encoding = "UTF-8", comment.char = "", strip.white = FALSE
  )
  if (!identical(colnames(table), names)) stop("table.csv has other columns than its description", call. = FALSE)
  statuses <- c("", names(tre_meanings_of(described)))
  for (column in columns) {
    table[[column$name]] <- tre_typed(table[[column$name]], column$datatype, statuses)
  }
  for (name in names[paste0(names, "_status") %in% names]) {
    if (any(is.na(table[[name]]) != (table[[paste0(name, "_status")]] != ""))) {
      stop("a number of ", name, " and its status contradict each other", call. = FALSE)
    }
  }
  table
}

tre_typed <- function(text, datatype, statuses) {
  if (is.list(datatype)) {
    if (!all(text %in% statuses)) stop("a status that the description does not explain", call. = FALSE)
    return(factor(text, levels = statuses))
  }
  if (datatype == "string") {
    # The apostrophe keeps spreadsheets from computing a label; it is not part of it.
    return(sub("^'(?=[=+@-])", "", text, perl = TRUE))
  }
  number <- suppressWarnings(as.numeric(ifelse(text == "", NA, text)))
  if (any(is.na(number) & text != "")) stop("a number that is none", call. = FALSE)
  whole <- datatype == "integer" && all(abs(number) <= .Machine$integer.max, na.rm = TRUE)
  if (whole) as.integer(number) else number
}

tre_meanings_of <- function(described) {
  meanings <- vapply(described$notes, function(each) each$meaning, "")
  names(meanings) <- vapply(described$notes, function(each) each$shorthand, "")
  meanings
}

# --- what a release says of itself --------------------------------------------------------

tre_about <- function(release) {
  about <- attr(release, "tre")
  if (is.null(about)) {
    stop("a part of a table does not know its release: ask the whole that tre_read gave", call. = FALSE)
  }
  about
}

# What each status means, in words.
tre_meanings <- function(release) tre_about(release)$meanings

# How to cite a release: title, project, release, day, and the digest that tells it from any other.
tre_cite <- function(release) {
  about <- tre_about(release)
  on <- as.integer(strsplit(substr(about$statement$released_at, 1, 10), "-")[[1]])
  cited <- sprintf(
    "%s. Project %s, release %s, %d %s %d.",
    about$title, about$statement$project_id, about$statement$release_id, on[3], month.name[on[2]], on[1]
  )
  if (is.na(about$sha256)) cited else paste0(cited, " release.json sha256:", about$sha256)
}

print.tre_release <- function(x, ...) {
  about <- attr(x, "tre")
  if (is.null(about)) {
    return(invisible(print.data.frame(x, ...)))
  }
  cat(about$title, "\n\n", sep = "")
  print.data.frame(x, ...)
  used <- unique(unlist(lapply(x[vapply(x, is.factor, NA)], as.character)))
  cat("\n")
  for (status in intersect(names(about$meanings), used)) cat(status, about$meanings[[status]], "\n")
  cat(about$protection, "\n", tre_cite(x), "\n", sep = "")
  cat(if (about$checked) "Every file is the one that release.json names." else "Files were NOT checked.")
  cat(" Signature and log: see tre_verify.\n")
  invisible(x)
}

# --- digests ------------------------------------------------------------------------------

tre_check_digests <- function(paths, stated) {
  for (place in seq_along(paths)) {
    if (!identical(tre_sha256(paths[[place]]), stated[[place]])) {
      stop(basename(paths[[place]]), " is not the file that was released", call. = FALSE)
    }
  }
}

# SHA-256 of a file in hexadecimal: by R 4.5, or by sha256sum, shasum or openssl of the system.
tre_sha256 <- function(path) {
  own <- get0("sha256sum", envir = asNamespace("tools"), mode = "function")
  if (!is.null(own)) {
    return(unname(own(path)))
  }
  programs <- list(sha256sum = character(), shasum = c("-a", "256"), openssl = c("dgst", "-sha256"))
  for (program in names(programs)) {
    if (nzchar(Sys.which(program))) {
      said <- system2(program, c(programs[[program]], shQuote(normalizePath(path))), stdout = TRUE)
      return(regmatches(said[1], regexpr("\\b[0-9a-f]{64}\\b", said[1])))
    }
  }
  stop("nothing here computes SHA-256: use R 4.5 or later, or read with check = FALSE", call. = FALSE)
}

# --- our commands -------------------------------------------------------------------------

# Signature, files and log of a package (release.zip), by keys that governance handed out; TRUE, or it stops.
tre_verify <- function(package, vkey, release_key) {
  tre_run("tre-audit", c("verify-release", package, "--vkey", vkey, "--release-key", release_key))
  TRUE
}

# Ask the question of a file (YAML or JSON); a list with query_id and state.
tre_ask <- function(specification, url, keys, wait = 0) {
  said <- tre_run(
    "tre-researcher",
    c("ask", specification, "--url", url, "--keys", keys, "--wait", format(wait, scientific = FALSE))
  )
  tre_json(paste(said, collapse = "\n"))
}

# Fetch a release into a new folder, and read it.
tre_fetch <- function(release_id, url, keys, out) {
  tre_run("tre-researcher", c("fetch", release_id, "--url", url, "--keys", keys, "--out", out))
  tre_read(out)
}

tre_run <- function(program, arguments) {
  if (!nzchar(Sys.which(program))) {
    stop(program, " is not installed: pip install \"tre-linkage[researcher]\"", call. = FALSE)
  }
  refused <- tempfile()
  on.exit(unlink(refused))
  said <- suppressWarnings(system2(program, shQuote(arguments), stdout = TRUE, stderr = refused))
  if (!is.null(attr(said, "status"))) stop(paste(readLines(refused), collapse = "\n"), call. = FALSE)
  said
}

# --- JSON (RFC 8259) ----------------------------------------------------------------------

tre_token <- "\"(?:[^\"\\\\]++|\\\\.)*+\"|-?[0-9]++(?:\\.[0-9]++)?(?:[eE][-+]?[0-9]++)?|true|false|null|[\\[\\]{}:,]"

tre_json_file <- function(path) {
  tre_json(paste(readLines(path, encoding = "UTF-8", warn = FALSE), collapse = "\n"))
}

# The value of a text: objects and arrays are lists, null is NULL.
tre_json <- function(text) {
  found <- gregexpr(tre_token, text, perl = TRUE)
  tokens <- regmatches(text, found)[[1]]
  between <- regmatches(text, found, invert = TRUE)[[1]]
  if (!all(grepl("^[ \t\r\n]*$", between))) tre_no_json()
  at <- 0L
  take <- function(expected = NULL) {
    at <<- at + 1L
    if (at > length(tokens) || !(is.null(expected) || tokens[at] %in% expected)) tre_no_json()
    tokens[at]
  }
  items <- function(end, item) {
    if (at < length(tokens) && tokens[at + 1L] == end) {
      take()
      return(list())
    }
    read <- list()
    repeat {
      read <- c(read, item())
      if (take(c(",", end)) == end) return(read)
    }
  }
  entry <- function() {
    name <- take()
    if (!startsWith(name, "\"")) tre_no_json()
    take(":")
    stats::setNames(list(value()), tre_unquoted(name))
  }
  value <- function() {
    token <- take()
    switch(substr(token, 1, 1),
      "{" = items("}", entry),
      "[" = items("]", function() list(value())),
      "\"" = tre_unquoted(token),
      "t" = TRUE,
      "f" = FALSE,
      "n" = NULL,
      if (grepl("^[]},:]$", token)) tre_no_json() else as.numeric(token)
    )
  }
  whole <- value()
  if (at != length(tokens)) tre_no_json()
  whole
}

tre_unquoted <- function(token) {
  text <- substr(token, 2, nchar(token) - 1)
  if (!grepl("\\", text, fixed = TRUE)) return(text)
  escape <- "\\\\u[dD][89abAB][0-9a-fA-F]{2}\\\\u[dD][c-fC-F][0-9a-fA-F]{2}|\\\\u[0-9a-fA-F]{4}|\\\\."
  places <- gregexpr(escape, text, perl = TRUE)
  regmatches(text, places) <- list(vapply(regmatches(text, places)[[1]], tre_character, ""))
  text
}

tre_character <- function(escape) {
  plain <- c(b = "\b", f = "\f", n = "\n", r = "\r", t = "\t", "\"" = "\"", "/" = "/", "\\" = "\\")
  letter <- substr(escape, 2, 2)
  if (letter != "u") {
    if (!letter %in% names(plain)) tre_no_json()
    return(plain[[letter]])
  }
  codes <- strtoi(regmatches(escape, gregexpr("[0-9a-fA-F]{4}", escape))[[1]], 16L)
  if (length(codes) == 2) codes <- 0x10000 + (codes[1] - 0xD800) * 0x400 + (codes[2] - 0xDC00)
  intToUtf8(codes)
}

tre_no_json <- function() stop("this is not JSON", call. = FALSE)
