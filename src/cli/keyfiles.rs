//! Lists of tags, read from files that users name.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::io::{ErrorKind, Read};
use std::path::Path;

use super::console::input;
use crate::engine::disk::read::read_named;
use crate::engine::reference::{parse_bare, parse_tagged};
use crate::engine::tags::pushed::{self, PushLine};
use crate::engine::{Kind, Problem, SignedTarget, typed};
use crate::printable::system_words;
use crate::tuf::content::shown;
use crate::tuf::{Gun, TargetName};

/// Longest list of tags, in bytes: some hundred thousand lines.
const LIST: u64 = 64 << 20;
/// How registries are spoken to where nothing else is said.
const HTTPS: &str = "https";
/// Wrong lines of a list that are named.
const WRONG: usize = 20;

/// A line of a list of tags: `REPO:TAG sha256:HEX BYTES`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct ListedTag {
    /// Repository.
    pub(super) gun: Gun,
    /// Tag.
    pub(super) tag: TargetName,
    /// What the tag stands for.
    pub(super) target: SignedTarget,
}

/// The repository that a list is said to be of, and where registries are that stand elsewhere than names say.
#[derive(Clone, Copy, Debug)]
pub(super) struct Named<'a> {
    /// The repository.
    pub(super) gun: &'a Gun,
    /// Host in images' names to URL.
    pub(super) addresses: &'a BTreeMap<String, String>,
}

impl Named<'_> {
    /// Whether it is what was pushed: by name, or by the address of its registry.
    fn is(&self, pushed: &Gun) -> bool {
        let at = |host: &str, path: &str| {
            let url = self.addresses.get(host)?;
            let (scheme, place) = url.split_once("://").unwrap_or((HTTPS, url));
            Some((scheme, format!("{}/{path}", place.trim_end_matches('/'))))
        };
        let is_same = |scheme, name: &str| without_port(scheme, name) == without_port(scheme, pushed.as_str());
        let elsewhere = self.gun.as_str().split_once('/').and_then(|(host, path)| at(host, path));
        is_same(HTTPS, self.gun.as_str()) || elsewhere.is_some_and(|(scheme, elsewhere)| is_same(scheme, &elsewhere))
    }
}

/// A repository by its host and path, without the port that its scheme has anyway.
fn without_port<'a>(scheme: &str, name: &'a str) -> (&'a str, &'a str) {
    let port = if scheme.eq_ignore_ascii_case(HTTPS) { ":443" } else { ":80" };
    let (host, path) = name.split_once('/').unwrap_or((name, ""));
    (host.strip_suffix(port).unwrap_or(host), path)
}

/// Reads a list of tags; `-` is standard input. Blank lines and lines that begin with `#` are skipped. What
/// `docker push` wrote is a list too; its bare tags are of the repository that it names. Where one is `named`, that one counts
/// and must be the same.
///
/// # Errors
/// One `Input` for each of the first wrong lines, with its number, and one for how many more there are; then nothing of the list may be used.
pub(super) fn tag_list(path: &Path, named: Option<Named<'_>>, literal: bool) -> Result<Vec<ListedTag>, Vec<Problem>> {
    let bytes = if path == Path::new("-") {
        let mut bytes = Vec::new();
        let read = std::io::stdin().lock().take(LIST + 1).read_to_end(&mut bytes);
        read.map_err(|e| vec![unreadable("standard input", &e)])?;
        if bytes.len() as u64 > LIST {
            let message = format!("standard input is longer than {LIST} bytes");
            return Err(vec![input(message, "sign it in several lists")]);
        }
        bytes
    } else {
        read_named(path, LIST).map_err(|e| vec![unreadable(&shown(path), &e)])?
    };
    let text = String::from_utf8_lossy(&bytes);
    let is_listed = |line: &str| line.split_whitespace().nth(1).is_some_and(|word| word.starts_with("sha256:"));
    if text.lines().any(|line| pushed::read(line).is_some()) && !text.lines().any(is_listed) {
        return pushed_tags(&text, named).map_err(|problem| vec![problem]);
    }
    written_tags(&text, path, named, literal)
}

/// A list that somebody wrote: each line counts, be it one of `docker push` or not.
fn written_tags(
    text: &str,
    path: &Path,
    named: Option<Named<'_>>,
    literal: bool,
) -> Result<Vec<ListedTag>, Vec<Problem>> {
    let lines = text.lines().enumerate().filter(|(_, l)| !l.trim().is_empty() && !l.trim_start().starts_with('#'));
    let (mut tags, mut problems, mut more) = (Vec::new(), Vec::new(), 0_usize);
    let (mut places, mut repository) = (HashMap::new(), named.map(|named| named.gun.clone()));
    for (index, line) in lines {
        let tag = match pushed::read(line) {
            Some(line) => pushed_tag(line, named, &mut repository),
            None => listed(line, literal).map(Some),
        };
        let added = tag.and_then(|tag| tag.map_or(Ok(()), |tag| add(tag, index, &mut places, &mut tags)));
        if problems.len() == WRONG && added.is_err() {
            more += 1;
        } else if let Err(mut problem) = added {
            problem.message = format!("line {}: {}", index + 1, problem.message);
            problems.push(problem);
        }
    }
    if more > 0 {
        problems.push(input(format!("{more} more lines are wrong"), "correct the list; nothing of it is signed"));
    }
    if tags.is_empty() && problems.is_empty() {
        let hint = "give lines of REPO:TAG, digest and size, or all that docker push writes once it has pushed";
        return Err(vec![input(format!("{} names no tag: nothing is signed", shown(path)), hint)]);
    }
    if problems.is_empty() { Ok(tags) } else { Err(problems) }
}

/// Adds a tag of a line, unless it was listed before.
fn add(
    tag: ListedTag,
    line: usize,
    places: &mut HashMap<(Gun, TargetName), (usize, usize)>,
    tags: &mut Vec<ListedTag>,
) -> Result<(), Problem> {
    let name = (tag.gun.clone(), tag.tag.clone());
    match places.get(&name) {
        None => {
            places.insert(name, (line, tags.len()));
            tags.push(tag);
        }
        Some((first, place)) if tags.get(*place) != Some(&tag) => {
            let message = format!("{} is listed with another digest or size on line {} already", tag.tag, first + 1);
            return Err(input(message, "keep the line that is meant"));
        }
        Some(_) => {}
    }
    Ok(())
}

/// What `docker push` says that it pushed; its progress is passed over. What was pushed last counts.
fn pushed_tags(text: &str, named: Option<Named<'_>>) -> Result<Vec<ListedTag>, Problem> {
    let (mut tags, mut repository) = (Vec::<ListedTag>::new(), named.map(|named| named.gun.clone()));
    for line in text.lines().filter_map(pushed::read) {
        tags.extend(pushed_tag(line, named, &mut repository)?);
    }
    let mut met = HashSet::new();
    tags.reverse();
    tags.retain(|tag| met.insert((tag.gun.clone(), tag.tag.clone())));
    tags.reverse();
    if tags.is_empty() {
        return Err(input("nothing was pushed: nothing is signed", "see what docker push says above, then push again"));
    }
    Ok(tags)
}

/// The tag of a line, or none where it says of which repository the next ones are.
fn pushed_tag(
    line: PushLine,
    named: Option<Named<'_>>,
    repository: &mut Option<Gun>,
) -> Result<Option<ListedTag>, Problem> {
    let (tag, target) = match line {
        PushLine::Repository(name) => {
            let pushed = parse_bare(&name, false)?;
            match named {
                None => *repository = Some(pushed),
                Some(named) if named.is(&pushed) => {}
                Some(Named { gun, .. }) => {
                    let hint = "name the repository that was pushed; if its registry has two names, say so in [registries] \
                                of config.toml";
                    return Err(input(format!("{pushed} was pushed, and {gun} is to be signed"), hint));
                }
            }
            return Ok(None);
        }
        PushLine::Pushed { tag, target } => (tag, target),
    };
    let gun = repository.clone().ok_or_else(|| {
        let hint = "name it, or take all that docker push writes: trustdeck sign REPO --from -";
        input(format!("{tag} was pushed, but nothing says to which repository"), hint)
    })?;
    let tag = TargetName::parse(&tag).map_err(crate::engine::EngineError::from)?;
    Ok(Some(ListedTag { gun, tag, target }))
}

fn listed(line: &str, literal: bool) -> Result<ListedTag, Problem> {
    let words: Vec<&str> = line.split_whitespace().collect();
    let [reference, digest, size] = words.as_slice() else {
        return Err(input(
            format!("has {} words, expected REPO:TAG sha256:HEX BYTES", words.len()),
            "write one tag on each line",
        ));
    };
    let (gun, tag) = tagged(reference, literal)?;
    Ok(ListedTag { gun, tag, target: typed::manifest(digest, size)? })
}

/// Reads `REPO:TAG`.
///
/// # Errors
/// `Input`.
pub(super) fn tagged(typed: &str, literal: bool) -> Result<(Gun, TargetName), Problem> {
    let (gun, tag) = parse_tagged(typed, literal)?;
    let tag = TargetName::parse(&tag).map_err(crate::engine::EngineError::from)?;
    Ok((gun, tag))
}

fn unreadable(what: &str, error: &std::io::Error) -> Problem {
    if matches!(error.kind(), ErrorKind::Other | ErrorKind::FileTooLarge) {
        return input(format!("{what} {error}"), "name another file");
    }
    Problem {
        kind: Kind::Disk,
        ..input(format!("{what}: {}", system_words(error)), "check the path and its permissions")
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use std::collections::BTreeMap;

    use super::Named;
    use crate::tuf::Gun;

    #[test]
    fn the_port_that_a_scheme_has_anyway_makes_no_other_repository() {
        let at = |url: &str| BTreeMap::from([("reg.test".to_owned(), url.to_owned())]);
        let plain = BTreeMap::new();
        for (named, addresses, pushed, is_it) in [
            ("reg.test/app", &plain, "reg.test:443/app", true),
            ("reg.test:443/app", &plain, "reg.test/app", true),
            ("reg.test/app", &plain, "reg.test:80/app", false),
            ("reg.test:5000/app", &plain, "reg.test/app", false),
            ("reg.test/app", &plain, "reg.test:443/other", false),
            ("reg.test/app", &at("https://mirror.test:443"), "mirror.test/app", true),
            ("reg.test/app", &at("https://mirror.test/"), "mirror.test:443/app", true),
            ("reg.test/app", &at("http://mirror.test"), "mirror.test:80/app", true),
            ("reg.test/app", &at("http://mirror.test"), "mirror.test:443/app", false),
            ("reg.test/app", &at("https://mirror.test:5000"), "mirror.test/app", false),
        ] {
            let gun = Gun::parse(named).unwrap();
            let named = Named { gun: &gun, addresses };
            assert_eq!(named.is(&Gun::parse(pushed).unwrap()), is_it, "{gun} {pushed}");
        }
    }
}
