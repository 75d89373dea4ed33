//! Which file uses which: paths are followed to the file that defines the module they end in.

use std::collections::{BTreeMap, BTreeSet};

use crate::source::{Path, Source};

/// A module that is a file, as the words after `crate`; the root is empty.
pub(crate) type Module = Vec<String>;

/// All files of a package, by module.
pub(crate) struct Code {
    files: BTreeMap<Module, Source>,
}

impl Code {
    /// Takes in files by their path below `src`.
    pub(crate) fn new<'a>(files: impl IntoIterator<Item = (&'a str, &'a str)>) -> Self {
        let read = |(path, text): (&str, &str)| Some((module(path)?, Source::read(text)));
        let mut files: BTreeMap<Module, Source> = files.into_iter().filter_map(read).collect();
        let below = |(parent, source): (&Module, &Source)| {
            let name = |name: &String| [parent.as_slice(), std::slice::from_ref(name)].concat();
            source.test_modules.iter().map(name).collect::<Vec<_>>()
        };
        let tests: Vec<Module> = files.iter().flat_map(below).collect();
        files.retain(|module, _| !tests.iter().any(|t| module.starts_with(t)));
        Self { files }
    }

    /// Modules that have files below them.
    pub(crate) fn folders(&self) -> BTreeSet<Module> {
        let parents = self.files.keys().filter_map(|m| Some(m.split_last()?.1.to_vec()));
        parents.collect()
    }

    /// The modules right below `folder`.
    pub(crate) fn rooms(&self, folder: &[String]) -> BTreeSet<String> {
        self.files.keys().filter_map(|m| m.strip_prefix(folder)?.first().cloned()).collect()
    }

    pub(crate) fn arrows(&self) -> BTreeSet<(Module, Module)> {
        let from = |module: &Module| self.used(module).into_iter().map(|to| (module.clone(), to)).collect::<Vec<_>>();
        self.files.keys().flat_map(from).filter(|(from, to)| from != to).collect()
    }

    fn used(&self, from: &Module) -> BTreeSet<Module> {
        let source = &self.files[from];
        // A re-export of what is below only names it: paths through it are followed to what it names.
        let names_only = |to: &Module, alias: &str| to.starts_with(from) && !source.words.contains(alias);
        let imported = source.imports.iter().filter_map(|import| {
            let path = self.absolute(from, &import.path, 0)?;
            let to = self.target(&path, 0)?;
            let counts = !self.is_module_alone(&path) && (!import.public || !names_only(&to, &import.alias));
            counts.then_some(to)
        });
        let named = source.paths.iter().filter_map(|path| self.target(&self.absolute(from, path, 0)?, 0));
        imported.chain(named).collect()
    }

    /// Whether a path names a module and nothing of the same name that the room gives on: what is taken from it counts.
    fn is_module_alone(&self, path: &[String]) -> bool {
        let is_given_on = |(name, parent): (&String, &[String])| {
            self.files.get(parent).is_some_and(|source| source.imports.iter().any(|i| i.alias == *name))
        };
        self.files.contains_key(path) && !path.split_last().is_some_and(is_given_on)
    }

    /// A path as words after `crate`, or nothing if it leads out of the package.
    fn absolute(&self, from: &Module, path: &[String], depth: usize) -> Option<Path> {
        let (first, rest) = path.split_first()?;
        let (base, rest) = match first.as_str() {
            "crate" => (Module::new(), rest),
            "self" => (from.clone(), rest),
            "super" => {
                let ups = path.iter().take_while(|word| *word == "super").count();
                (from.get(..from.len().checked_sub(ups)?)?.to_vec(), &path[ups..])
            }
            _ if self.files.contains_key(&joined(from, &path[..1])) => (from.clone(), path),
            _ => {
                let is_it = |i: &&crate::source::Import| i.alias == *first && i.path.first() != Some(first);
                let import = self.files[from].imports.iter().find(is_it).filter(|_| depth < 8)?;
                (self.absolute(from, &import.path, depth + 1)?, rest)
            }
        };
        Some(joined(&base, rest))
    }

    /// The file that a path ends in, by way of what the rooms on it give on.
    fn target(&self, path: &[String], depth: usize) -> Option<Module> {
        let length = (0..=path.len()).rev().find(|n| self.files.contains_key(&path[..*n]))?;
        let (module, rest) = (path[..length].to_vec(), &path[length..]);
        let import = rest.first().and_then(|word| self.files[&module].imports.iter().find(|i| i.alias == *word));
        let below = import.filter(|_| depth < 8).and_then(|import| {
            let named = joined(&self.absolute(&module, &import.path, 0)?, &rest[1..]);
            (named.starts_with(&module) && named != path).then(|| self.target(&named, depth + 1))?
        });
        Some(below.unwrap_or(module))
    }
}

fn joined(base: &[String], rest: &[String]) -> Path {
    [base, rest].concat()
}

fn module(path: &str) -> Option<Module> {
    let path = path.strip_suffix(".rs").filter(|p| *p != "main")?;
    let path = path.strip_suffix("/mod").unwrap_or(path);
    Some(path.split('/').filter(|word| *word != "lib").map(str::to_owned).collect())
}
