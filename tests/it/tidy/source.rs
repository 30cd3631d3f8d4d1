//! Reads Rust sources well enough to hold rules against them.
//!
//! **Invariant:** what is blanked out leaves its line breaks behind, so that line numbers stay true.

use std::fs;
use std::path::{Path, PathBuf};

/// One file below `src/`.
pub(super) struct Source {
    /// Its path below the repository, with `/`.
    pub(super) path: String,
    /// As it is.
    pub(super) text: String,
    /// Without comments, texts and tests.
    pub(super) code: String,
}

impl Source {
    /// The top-level module it belongs to: `ledger` for `src/ledger/open.rs`, `clock` for
    /// `src/clock.rs`.
    pub(super) fn module(&self) -> &str {
        let below = self.path.trim_start_matches("src/");
        below.split('/').next().unwrap_or(below).trim_end_matches(".rs")
    }

    /// Whether it is compiled for tests only.
    pub(super) fn is_test(&self) -> bool {
        self.path.ends_with("/tests.rs") || self.path.contains("/tests/")
    }

    /// The line of a word, where the code has it.
    pub(super) fn line_of(&self, word: &str) -> Option<usize> {
        find_word(&self.code, word, 0).map(|at| line_at(&self.code, at))
    }

    /// The modules at the crate's root that the code names, each with its line.
    pub(super) fn imports(&self) -> Vec<(usize, String)> {
        let below = self.path.trim_start_matches("src/");
        let depth = below.split('/').filter(|part| *part != "mod.rs").count();
        let mut found = imports_behind(&self.code, "crate::");
        found.extend(imports_behind(&self.code, &"super::".repeat(depth)));
        found
    }
}

/// The repository's folder.
pub(super) fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// Every file below a folder of the repository, but for what is built and what git keeps.
pub(super) fn files(folder: &str) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let mut folders = vec![root().join(folder)];
    while let Some(folder) = folders.pop() {
        let entries = fs::read_dir(&folder).unwrap_or_else(|why| panic!("{folder:?}: {why}"));
        for entry in entries {
            let path = entry.expect("a folder can be listed to its end").path();
            let name = path.file_name().unwrap_or_default();
            if name == ".git" || name == "target" {
                continue;
            }
            if path.is_dir() { folders.push(path) } else { found.push(path) }
        }
    }
    found.sort();
    found
}

/// A file's path below the repository, with `/`.
pub(super) fn name_of(path: &Path) -> String {
    let below = path.strip_prefix(root()).unwrap_or(path);
    let parts: Vec<_> = below.iter().map(|part| part.to_string_lossy()).collect();
    parts.join("/")
}

/// The program's own files, without those that are compiled for tests only.
pub(super) fn sources() -> Vec<Source> {
    let rust = files("src").into_iter().filter(|path| path.extension().is_some_and(|e| e == "rs"));
    let read = |path: PathBuf| {
        let text = fs::read_to_string(&path).unwrap_or_else(|why| panic!("{path:?}: {why}"));
        let code = without_tests(&code_of(&text));
        Source { path: name_of(&path), text, code }
    };
    rust.map(read).filter(|source| !source.is_test()).collect()
}

/// The text with comments, strings and characters blanked out.
pub(super) fn code_of(text: &str) -> String {
    let chars: Vec<char> = text.chars().collect();
    let mut code = String::with_capacity(text.len());
    let mut at = 0;
    while at < chars.len() {
        let end = end_of_blank(&chars, at);
        if end == at {
            code.push(chars[at]);
            at += 1;
        } else {
            code.extend(chars[at..end].iter().map(|c| if *c == '\n' { '\n' } else { ' ' }));
            at = end;
        }
    }
    code
}

/// Where the comment, string or character ends that begins at `at`; `at` itself where none does.
fn end_of_blank(chars: &[char], at: usize) -> usize {
    let starts = |text: &str| text.chars().enumerate().all(|(i, c)| chars.get(at + i) == Some(&c));
    let is_inside_word = at > 0 && is_word(chars[at - 1]);
    if starts("//") {
        return (at..chars.len()).find(|i| chars[*i] == '\n').unwrap_or(chars.len());
    }
    if starts("/*") {
        return end_of_block_comment(chars, at);
    }
    if !is_inside_word && (starts("r\"") || starts("r#") || starts("br\"") || starts("br#")) {
        return end_of_raw_string(chars, at);
    }
    match chars[at] {
        '"' => end_of_quoted(chars, at, '"'),
        // A character, and no lifetime.
        '\'' if chars.get(at + 1) == Some(&'\\') || chars.get(at + 2) == Some(&'\'') => {
            end_of_quoted(chars, at, '\'')
        }
        _ => at,
    }
}

fn end_of_block_comment(chars: &[char], start: usize) -> usize {
    let mut depth = 0;
    let mut at = start;
    while at < chars.len() {
        match (chars[at], chars.get(at + 1)) {
            ('/', Some('*')) => depth += 1,
            ('*', Some('/')) => depth -= 1,
            _ => {
                at += 1;
                continue;
            }
        }
        at += 2;
        if depth == 0 {
            break;
        }
    }
    at.min(chars.len())
}

fn end_of_raw_string(chars: &[char], start: usize) -> usize {
    let marks = chars[start..].iter().skip_while(|c| **c == 'b' || **c == 'r');
    let marks = marks.take_while(|c| **c == '#').count();
    let Some(open) = (start..chars.len()).find(|i| chars[*i] == '"' || chars[*i].is_whitespace())
    else {
        return start;
    };
    if chars[open] != '"' || open > start + marks + 2 {
        // A raw identifier.
        return start;
    }
    let closes = |at: &usize| {
        chars[*at] == '"' && chars[at + 1..].iter().take_while(|c| **c == '#').count() >= marks
    };
    (open + 1..chars.len()).find(closes).map_or(chars.len(), |at| at + 1 + marks)
}

fn end_of_quoted(chars: &[char], start: usize, quote: char) -> usize {
    let mut at = start + 1;
    while at < chars.len() && chars[at] != quote {
        at += if chars[at] == '\\' { 2 } else { 1 };
    }
    (at + 1).min(chars.len())
}

/// The code with every item blanked out that stands under `#[cfg(test)]`.
pub(super) fn without_tests(code: &str) -> String {
    const MARK: &str = "#[cfg(test)]";
    let mut left = String::with_capacity(code.len());
    let mut rest = code;
    while let Some(start) = rest.find(MARK) {
        let end = start + MARK.len() + end_of_item(&rest[start + MARK.len()..]);
        left.push_str(&rest[..start]);
        left.extend(rest[start..end].chars().filter(|c| *c == '\n'));
        rest = &rest[end..];
    }
    left + rest
}

/// Where the first item ends: at its `;`, or at the brace that closes it.
fn end_of_item(code: &str) -> usize {
    let mut depth = 0;
    for (at, c) in code.char_indices() {
        match c {
            '{' | '(' | '[' => depth += 1,
            '}' | ')' | ']' => depth -= 1,
            _ => {}
        }
        if depth == 0 && (c == ';' || c == '}') {
            return at + 1;
        }
    }
    code.len()
}

fn imports_behind(code: &str, prefix: &str) -> Vec<(usize, String)> {
    let mut found = Vec::new();
    let mut from = 0;
    while let Some(at) = find_word(code, prefix, from) {
        from = at + prefix.len();
        let line = line_at(code, at);
        found.extend(first_names(&code[from..]).into_iter().map(|name| (line, name)));
    }
    found
}

/// The names that follow a path's beginning: one, or the first of each in a group.
fn first_names(rest: &str) -> Vec<String> {
    let name = |text: &str| text.chars().take_while(|c| is_word(*c)).collect::<String>();
    let Some(group) = rest.strip_prefix('{') else {
        return vec![name(rest)];
    };
    let mut depth = 1;
    let mut parts = vec![String::new()];
    for c in group.chars() {
        match c {
            '{' => depth += 1,
            '}' => depth -= 1,
            ',' if depth == 1 => parts.push(String::new()),
            _ => {}
        }
        if depth == 0 {
            break;
        }
        if c != ',' && !c.is_whitespace() {
            parts.last_mut().expect("it begins with one").push(c);
        }
    }
    parts.iter().map(|part| name(part)).collect()
}

/// Where a word stands that is no part of a longer one.
pub(super) fn find_word(code: &str, word: &str, from: usize) -> Option<usize> {
    let stands_alone = |at: usize| {
        let goes_on_before = code[..at].ends_with(is_word);
        let goes_on_after = word.ends_with(is_word) && code[at + word.len()..].starts_with(is_word);
        !goes_on_before && !goes_on_after
    };
    code[from..].match_indices(word).map(|(at, _)| from + at).find(|at| stands_alone(*at))
}

fn line_at(code: &str, at: usize) -> usize {
    code[..at].matches('\n').count() + 1
}

fn is_word(c: char) -> bool {
    c.is_alphanumeric() || c == '_'
}
