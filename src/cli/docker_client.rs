//! Which `docker` is installed, and whether it verifies anything.

use super::images::program::{Call, on_path};
use crate::engine::Engine;

/// The first version without content trust and without a `docker trust` of its own.
const WITHOUT_TRUST: u32 = 29;

/// A `docker` that is installed.
pub(super) struct DockerClient {
    /// Its version, such as `28.2.2`.
    pub(super) version: String,
}

impl DockerClient {
    /// Asks the one that a shell would start; nothing where there is none, or something else has its name.
    pub(super) async fn find(engine: &Engine) -> Option<Self> {
        let program = on_path(engine, "docker")?.into_os_string();
        let call = Call { program, arguments: vec!["--version".into()] };
        let said = call.output(engine).await.ok().filter(|said| said.status.success())?;
        let version = parse(&String::from_utf8_lossy(&said.stdout))?;
        Some(Self { version })
    }

    /// Whether content trust is still in it.
    pub(super) fn knows_trust(&self) -> bool {
        let major = self.version.split('.').next().and_then(|major| major.parse::<u32>().ok());
        major.is_some_and(|major| major < WITHOUT_TRUST)
    }
}

/// The version in `Docker version 28.2.2, build e6534b4`.
fn parse(said: &str) -> Option<String> {
    let rest = said.trim().strip_prefix("Docker version ")?;
    let version = rest.split([',', ' ']).next().unwrap_or(rest);
    let is_version = version.starts_with(|c: char| c.is_ascii_digit())
        && version.chars().all(|c| c.is_ascii_alphanumeric() || ".-+~_".contains(c));
    is_version.then(|| version.to_owned())
}

/// What to know where DOCKER_CONTENT_TRUST is set and the `docker` that is installed does not know it any more.
pub(super) async fn ignored_content_trust(engine: &Engine) -> Option<String> {
    let variable = engine.settings().helper_environment.iter().find(|(name, _)| name == "DOCKER_CONTENT_TRUST");
    let is_on =
        variable.is_some_and(|(_, value)| matches!(value.to_str(), Some("1" | "t" | "T" | "true" | "TRUE" | "True")));
    if !is_on {
        return None;
    }
    let docker = DockerClient::find(engine).await.filter(|docker| !docker.knows_trust())?;
    Some(format!(
        "DOCKER_CONTENT_TRUST is set, but docker {} ignores it: its pulls and runs verify nothing; use trustdeck pull, \
         image=$(trustdeck resolve IMAGE) && docker run \"$image\", or a registry behind trustdeck gate",
        docker.version
    ))
}

/// The same, if it was not told on this machine before.
pub(super) async fn news_of_content_trust(engine: &Engine) -> Option<String> {
    ignored_content_trust(engine).await.filter(|words| engine.is_news(words))
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]
mod tests {
    use super::*;

    #[test]
    fn only_dockers_own_words_are_a_version() {
        assert_eq!(parse("Docker version 28.2.2, build e6534b4\n").as_deref(), Some("28.2.2"));
        assert_eq!(parse("Docker version 29.0.0-rc.1, build 1\n").as_deref(), Some("29.0.0-rc.1"));
        assert_eq!(parse("podman version 4.3.1\n"), None);
        assert_eq!(parse("Docker version \u{1b}[2J, build\n"), None);
    }

    #[test]
    fn content_trust_went_with_version_29() {
        let knows = |version: &str| DockerClient { version: version.to_owned() }.knows_trust();
        assert!(knows("28.5.1") && knows("20.10.24+dfsg1"));
        assert!(!knows("29.0.0-rc.1") && !knows("101.2"));
    }
}
