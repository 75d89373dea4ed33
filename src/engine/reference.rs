//! Names as users type them, read as Docker reads image references.
//!
//! Source: docs/notary-v1.md section 14.1; distribution's reference grammar.

use super::error::EngineError;
use super::wording::shell_word;
use crate::remote::registry::{is_component, is_digest, is_tag};
use crate::tuf::Gun;
use crate::tuf::content::quoted;

/// What a user named: a repository, and perhaps an image in it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RepositoryRef {
    /// The full name: the collection.
    pub gun: Gun,
    /// The name as Docker's users write it.
    pub familiar: String,
    /// The tag, if one was named.
    pub tag: Option<String>,
    /// The digest with its algorithm, if one was named. Docker drops the tag beside it.
    pub digest: Option<String>,
}

const HUB: &str = "docker.io";

/// Reads an image reference as Docker does; with `literal`, takes the whole text as the name of a collection.
///
/// # Errors
/// `Input` or `Name`, saying what a reference looks like.
pub fn parse_repository(text: &str, literal: bool) -> Result<RepositoryRef, EngineError> {
    if literal {
        let text = text.trim();
        let gun = Gun::parse(text)?;
        return Ok(RepositoryRef { familiar: text.to_owned(), gun, tag: None, digest: None });
    }
    if text.len() == 64 && text.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f')) {
        return Err(malformed(text, "64 hexadecimal digits are an image ID, not a repository"));
    }
    let (host, rest) = split_host(text);
    let (rest, digest) = match rest.split_once('@') {
        Some((rest, digest)) => (rest, Some(digest)),
        None => (rest, None),
    };
    let (path, tag) = match rest.split_once(':') {
        Some((path, tag)) => (path, Some(tag)),
        None => (rest, None),
    };
    let path = if host == HUB && !path.contains('/') { format!("library/{path}") } else { path.to_owned() };
    if path.bytes().any(|b| b.is_ascii_uppercase()) {
        return Err(malformed(text, "repository names are lower case"));
    }
    // Docker takes a host with underscores for the beginning of the path, and so do we where it has no port.
    if !(is_host(host) || is_component(host)) || path.len() > 255 || !path.split('/').all(is_component) {
        return Err(malformed(text, "expected [HOST[:PORT]/]NAME[/NAME...][:TAG]"));
    }
    if tag.is_some_and(|tag| !is_tag(tag)) {
        return Err(malformed(text, "a tag has 1 to 128 letters, digits, _ . and -, and begins with none of . and -"));
    }
    if digest.is_some_and(|digest| !is_digest(digest)) {
        return Err(malformed(text, "a digest is sha256: and 64 lower-case hexadecimal digits"));
    }
    let gun = Gun::parse(&format!("{host}/{path}"))?;
    let tag = if digest.is_some() { None } else { tag.map(str::to_owned) };
    Ok(RepositoryRef { familiar: familiar_name(&gun), gun, tag, digest: digest.map(str::to_owned) })
}

/// Reads a name where only a repository is meant.
///
/// # Errors
/// As [`parse_repository`]; `Input` for a tag or digest, naming the repository without it.
pub fn parse_bare(text: &str, literal: bool) -> Result<Gun, EngineError> {
    let reference = parse_repository(text, literal)?;
    let what = match (&reference.tag, &reference.digest) {
        (None, None) => return Ok(reference.gun),
        (_, Some(_)) => "a digest",
        (Some(_), None) => "a tag",
    };
    Err(EngineError::Input {
        message: format!("{} names {what}, but this is about the whole repository", quoted(text)),
        hint: format!("name the repository: {}", reference.familiar),
    })
}

/// Reads a name where a tag is needed. With `literal`, the tag follows the last colon.
///
/// # Errors
/// As [`parse_repository`]; `Input` without a tag, or with a digest.
pub fn parse_tagged(text: &str, literal: bool) -> Result<(Gun, String), EngineError> {
    let untagged = |name: &str| EngineError::Input {
        message: format!("{} names no tag", quoted(text)),
        hint: format!("name one: {name}:TAG"),
    };
    if literal {
        let text = text.trim();
        let (name, tag) = text.rsplit_once(':').filter(|(_, tag)| !tag.contains('/')).ok_or_else(|| untagged(text))?;
        let tag = crate::tuf::TargetName::parse(tag)?;
        return Ok((Gun::parse(name)?, tag.as_str().to_owned()));
    }
    let reference = parse_repository(text, false)?;
    match (reference.tag, reference.digest) {
        (Some(tag), None) => Ok((reference.gun, tag)),
        (_, Some(_)) => Err(EngineError::Input {
            message: format!("{} names an image by digest, but a tag is signed or revoked by its name", quoted(text)),
            hint: format!("name the tag: {}:TAG", reference.familiar),
        }),
        (None, None) => Err(untagged(&reference.familiar)),
    }
}

/// The name as Docker's users write it: `alpine` for `docker.io/library/alpine`.
#[must_use]
pub fn familiar_name(gun: &Gun) -> String {
    let text = gun.as_str();
    let Some(path) = text.strip_prefix("docker.io/") else { return text.to_owned() };
    let short = match path.strip_prefix("library/") {
        Some(name) if !name.contains('/') => name,
        _ => path,
    };
    // A path such as `localhost/web` would be read as a host when it stood alone.
    let leads_back = split_host(short).0 == HUB && !short.starts_with("index.docker.io/");
    if leads_back { short } else { text }.to_owned()
}

/// What names a repository on the command line, for hints that are pasted: with `--gun` where Docker's way to read names
/// would find another.
#[must_use]
pub fn in_command(gun: &Gun) -> String {
    named_in_command(gun, "")
}

/// The same for an image in it.
#[must_use]
pub fn image_in_command(gun: &Gun, tag: &str) -> String {
    named_in_command(gun, &format!(":{tag}"))
}

fn named_in_command(gun: &Gun, suffix: &str) -> String {
    let familiar = familiar_name(gun);
    match parse_bare(&familiar, false).is_ok_and(|read| read == *gun) {
        true => shell_word(&format!("{familiar}{suffix}")),
        false => format!("--gun {}", shell_word(&format!("{gun}{suffix}"))),
    }
}

/// The path of a name, without its tag, if capitals make it none: what Docker complains about first.
#[must_use]
pub fn capitals(text: &str) -> Option<String> {
    let (host, rest) = split_host(text);
    let path = rest.split([':', '@']).next().unwrap_or(rest);
    let path = if host == HUB && !path.contains('/') { format!("library/{path}") } else { path.to_owned() };
    path.bytes().any(|b| b.is_ascii_uppercase()).then_some(path)
}

fn malformed(text: &str, why: &str) -> EngineError {
    EngineError::Input {
        message: format!("{} is not a repository name: {why}", quoted(text)),
        hint: "write it as for docker pull; for a collection of notary, add --gun".to_owned(),
    }
}

/// Splits off the registry host, as Docker finds it; without one, Docker Hub is meant.
fn split_host(text: &str) -> (&str, &str) {
    match text.split_once('/') {
        Some((first, rest)) => {
            let upper = first.chars().any(|c| c.is_uppercase());
            let host = first == "localhost" || first.contains(['.', ':']) || upper;
            match first {
                "index.docker.io" => (HUB, rest),
                _ if host => (first, rest),
                _ => (HUB, text),
            }
        }
        None => (HUB, text),
    }
}

fn is_host(host: &str) -> bool {
    let (name, port) = if host.starts_with('[') {
        match host.split_once(']') {
            Some((inside, "")) => (inside, None),
            Some((inside, rest)) => (inside, Some(rest.strip_prefix(':').unwrap_or("no port"))),
            None => return false,
        }
    } else {
        match host.split_once(':') {
            Some((name, port)) => (name, Some(port)),
            None => (host, None),
        }
    };
    let port_fits = port.is_none_or(|port| !port.is_empty() && port.bytes().all(|b| b.is_ascii_digit()));
    let name_fits = match name.strip_prefix('[') {
        Some(address) => !address.is_empty() && address.bytes().all(|b| b.is_ascii_hexdigit() || b == b':'),
        None => name.split('.').all(is_label),
    };
    name_fits && port_fits
}

fn is_label(label: &str) -> bool {
    let edges = |c: Option<u8>| c.is_some_and(|b| b.is_ascii_alphanumeric());
    let bytes = label.as_bytes();
    edges(bytes.first().copied())
        && edges(bytes.last().copied())
        && bytes.iter().all(|b| b.is_ascii_alphanumeric() || *b == b'-')
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn names_in_commands_lead_back_to_the_repository() {
        for (gun, tagged) in [
            ("docker.io/library/alpine", "alpine:1.0"),
            ("registry.example.com/team/app", "registry.example.com/team/app:1.0"),
            ("team/app", "--gun team/app:1.0"),
        ] {
            let gun = Gun::parse(gun).unwrap();
            assert_eq!(image_in_command(&gun, "1.0"), tagged);
            assert_eq!(format!("{}:1.0", in_command(&gun)), tagged);
        }
        assert_eq!(parse_repository(" team/app ", true).unwrap().gun.as_str(), "team/app");
    }
}
