//! What a source file names: its imports and the paths in its code, without comments, strings and tests.

use std::collections::BTreeSet;

/// The words of a path, such as `crate`, `tuf`, `Gun`; a glob import ends in `*`.
pub(crate) type Path = Vec<String>;

/// One name that a `use` brings in.
#[derive(Debug)]
pub(crate) struct Import {
    pub(crate) alias: String,
    pub(crate) path: Path,
    pub(crate) public: bool,
}

#[derive(Debug, Default)]
pub(crate) struct Source {
    pub(crate) imports: Vec<Import>,
    /// Paths of at least two words outside of `use`.
    pub(crate) paths: BTreeSet<Path>,
    /// Every word outside of `use`.
    pub(crate) words: BTreeSet<String>,
    /// Modules that are declared for tests alone.
    pub(crate) test_modules: BTreeSet<String>,
    /// The brackets around each module within the file that is being read.
    within: Vec<usize>,
}

impl Source {
    pub(crate) fn read(text: &str) -> Self {
        let mut source = Self::default();
        let tokens = source.without_tests(&tokens(text));
        let (mut at, mut public, mut depth) = (0, false, 0_usize);
        while let Some(token) = tokens.get(at) {
            let next = tokens.get(at + 1).map_or("", String::as_str);
            at = match token.as_str() {
                "use" if next != "<" => source.tree(&tokens, at + 1, &Path::new(), public),
                // `pub(crate)` and `pub(in crate::engine)` name no dependency.
                "pub" if next == "(" => end_of_item(&tokens, at + 1, &[")"]),
                "mod" if tokens.get(at + 2).is_some_and(|t| t == "{") => {
                    source.within.push(depth);
                    at + 2
                }
                word if is_word(word) => source.path(&tokens, at),
                _ => at + 1,
            };
            match token.as_str() {
                "{" => depth += 1,
                "}" => {
                    depth = depth.saturating_sub(1);
                    source.within.pop_if(|outside| *outside == depth);
                }
                _ => {}
            }
            public = token == "pub";
        }
        source
    }

    fn path(&mut self, tokens: &[String], start: usize) -> usize {
        let mut at = start + 1;
        while tokens.get(at).is_some_and(|t| t == "::") && tokens.get(at + 1).is_some_and(|t| is_word(t)) {
            at += 2;
        }
        let path: Path = tokens[start..at].iter().step_by(2).cloned().collect();
        self.words.extend(path.iter().cloned());
        if path.len() > 1 {
            self.paths.insert(self.outward(path));
        }
        at
    }

    /// A path as it would stand outside of the modules within the file.
    fn outward(&self, mut path: Path) -> Path {
        let ups = path.iter().take(self.within.len()).take_while(|word| *word == "super").count();
        if ups > 0 {
            let here = path.get(ups).filter(|word| *word != "super").map(|_| "self".to_owned());
            path.splice(..ups, here);
        }
        path
    }

    /// Takes in a tree of imports below `prefix`; gives back where it ends.
    fn tree(&mut self, tokens: &[String], mut at: usize, prefix: &Path, public: bool) -> usize {
        let mut path = prefix.clone();
        let (mut alias, mut named) = (None, false);
        while let Some(token) = tokens.get(at) {
            match token.as_str() {
                "{" => {
                    while tokens.get(at).is_some_and(|t| t != "}") {
                        at = self.tree(tokens, at + 1, &path, public);
                    }
                    return at + 1;
                }
                "as" => {
                    alias = tokens.get(at + 1).cloned();
                    at += 1;
                }
                "," | "}" | ";" => break,
                "::" => {}
                word => {
                    named = true;
                    path.push(word.to_owned());
                }
            }
            at += 1;
        }
        if path.len() > 1 && path.last().is_some_and(|last| last == "self") {
            path.pop();
        }
        if named {
            let alias = alias.or_else(|| path.last().cloned()).unwrap_or_default();
            self.imports.push(Import { alias, path: self.outward(path), public });
        }
        at
    }

    fn without_tests(&mut self, tokens: &[String]) -> Vec<String> {
        let mark = ["#", "[", "cfg", "(", "test", ")", "]"];
        let (mut kept, mut at) = (Vec::new(), 0);
        while at < tokens.len() {
            if tokens[at..].iter().take(mark.len()).eq(mark.iter()) {
                let mut item = at;
                while tokens.get(item).is_some_and(|t| t == "#") {
                    item = end_of_item(tokens, item + 1, &["]"]);
                }
                let words: Vec<&str> =
                    tokens[item..].iter().map(String::as_str).take_while(|t| *t != "{").take(5).collect();
                if let ["mod", name, ";", ..] = words[..] {
                    self.test_modules.insert(name.to_owned());
                }
                let ends: &[&str] = if words.contains(&"use") { &[";"] } else { &[";", "}"] };
                at = end_of_item(tokens, item, ends);
            } else {
                kept.push(tokens[at].clone());
                at += 1;
            }
        }
        kept
    }
}

/// The place after the first of `ends` that stands outside of all brackets that are opened from `at` on.
fn end_of_item(tokens: &[String], mut at: usize, ends: &[&str]) -> usize {
    let mut depth = 0_usize;
    while let Some(token) = tokens.get(at).map(String::as_str) {
        at += 1;
        match token {
            "(" | "[" | "{" => depth += 1,
            ")" | "]" | "}" => depth = depth.saturating_sub(1),
            _ => {}
        }
        if depth == 0 && ends.contains(&token) {
            break;
        }
    }
    at
}

fn is_word(token: &str) -> bool {
    token.starts_with(|c: char| c.is_alphabetic() || c == '_')
}

/// Splits code into words, `::` and single characters; comments and literals are left out.
fn tokens(text: &str) -> Vec<String> {
    let (mut rest, mut found) = (text, Vec::new());
    while let Some(first) = rest.chars().next() {
        let length = if rest.starts_with("//") {
            rest.find('\n').unwrap_or(rest.len())
        } else if rest.starts_with("/*") {
            block_comment(rest)
        } else if let Some(length) = literal(rest) {
            length
        } else if first.is_alphanumeric() || first == '_' {
            let length = rest.find(|c: char| !c.is_alphanumeric() && c != '_').unwrap_or(rest.len());
            found.push(rest[..length].to_owned());
            length
        } else if rest.starts_with("::") {
            found.push("::".to_owned());
            2
        } else {
            found.extend((!first.is_whitespace()).then(|| first.to_string()));
            first.len_utf8()
        };
        rest = &rest[length..];
    }
    found
}

/// The length of a comment, in which others may stand.
fn block_comment(text: &str) -> usize {
    let (mut depth, mut at) = (0_usize, 0);
    while at < text.len() {
        let mark = text.as_bytes().get(at..at + 2).unwrap_or_default();
        depth = match mark {
            b"/*" => depth + 1,
            b"*/" => depth - 1,
            _ => depth,
        };
        at += if matches!(mark, b"/*" | b"*/") { 2 } else { 1 };
        if depth == 0 {
            break;
        }
    }
    at
}

/// The length of the string, character or lifetime that `text` begins with.
fn literal(text: &str) -> Option<usize> {
    let body = text.trim_start_matches(['b', 'c']);
    let prefix = text.len() - body.len();
    if prefix > 1 {
        return None;
    }
    if let Some(raw) = body.strip_prefix('r') {
        let quoted = raw.trim_start_matches('#');
        let hashes = &raw[..raw.len() - quoted.len()];
        let inside = quoted.strip_prefix('"')?;
        let end = format!("\"{hashes}");
        let open = text.len() - inside.len();
        return Some(open + inside.find(&end).map_or(inside.len(), |at| at + end.len()));
    }
    let quote = body.chars().next().filter(|c| matches!(c, '"' | '\''))?;
    let inside = &body[1..];
    let mut after = inside.char_indices().skip(1).map(|(_, c)| c);
    if quote == '\'' && !inside.starts_with('\\') && after.next() != Some('\'') {
        // A lifetime.
        return Some(prefix + 1 + inside.find(|c: char| !c.is_alphanumeric() && c != '_').unwrap_or(inside.len()));
    }
    let mut escaped = false;
    for (at, c) in inside.char_indices() {
        match c {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            _ if c == quote => return Some(prefix + 1 + at + 1),
            _ => {}
        }
    }
    Some(text.len())
}
