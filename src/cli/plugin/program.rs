//! The `docker` that has called this plugin, and the options that it was called with.

use std::ffi::OsString;
use std::path::Path;

/// Docker's global options that take a value; they may stand before the name of the plugin.
const WITH_VALUE: [&str; 9] =
    ["--config", "-c", "--context", "-H", "--host", "-l", "--log-level", "--tlscacert", "--tlscert"];
const WITH_VALUE_TOO: &str = "--tlskey";

/// The variable in which Docker says how it was called.
const ORIGINAL: &str = "DOCKER_CLI_PLUGIN_ORIGINAL_CLI_COMMAND";

/// `docker` with the global options that it was called with.
pub(super) struct DockerProgram {
    pub(super) command: OsString,
    pub(super) globals: Vec<String>,
}

/// The global options, and what stands behind the plugin's name.
pub(super) fn split_globals<'a>(name: &str, arguments: &'a [String]) -> (Vec<String>, &'a [String]) {
    let mut at = 0;
    while let Some(argument) = arguments.get(at) {
        if argument == name {
            let rest = arguments.get(at + 1..).unwrap_or_default();
            return (arguments.get(..at).unwrap_or_default().to_vec(), rest);
        }
        let takes_next = WITH_VALUE.contains(&argument.as_str()) || argument == WITH_VALUE_TOO;
        at += if takes_next { 2 } else { 1 };
    }
    (Vec::new(), arguments)
}

impl DockerProgram {
    pub(super) fn new(environment: &[(OsString, OsString)], globals: Vec<String>) -> Self {
        let original = environment.iter().find(|(name, value)| name == ORIGINAL && !value.is_empty());
        let command = original.map_or_else(|| "docker".into(), |(_, value)| value.clone());
        Self { command, globals }
    }

    /// What `--config` names.
    pub(super) fn config_directory(&self) -> Option<&Path> {
        let mut globals = self.globals.iter();
        let mut found = None;
        while let Some(argument) = globals.next() {
            if let Some(value) = argument.strip_prefix("--config=") {
                found = Some(value);
            } else if argument == "--config" {
                found = globals.next().map(String::as_str);
            }
        }
        found.map(Path::new)
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]
mod tests {
    use super::*;

    #[test]
    fn global_options_stand_before_the_name() {
        let words = |line: &str| line.split(' ').map(str::to_owned).collect::<Vec<_>>();
        let line = words("--config trust -D --host=x trust sign --local a:1");
        let (globals, rest) = split_globals("trust", &line);
        assert_eq!(
            (globals.join(" ").as_str(), rest.join(" ").as_str()),
            ("--config trust -D --host=x", "sign --local a:1")
        );
        let program = DockerProgram::new(&[], globals);
        assert_eq!(program.config_directory(), Some(Path::new("trust")));
    }
}
