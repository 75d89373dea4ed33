//! `trustdeck sandbox --serve`: the server alone, and shell lines that point the programs at it.

use std::future::Future;
use std::io::Write;
use std::path::Path;

use super::auth::Auth;
use super::error::SandboxError;
use super::layout::{REGISTRY, basic, write_private};
use super::{Options, PASSPHRASE, Running, start};
use crate::engine::wording::{quoted, shell_word};

/// Runs a sandbox until `shutdown` resolves. Writes the URL and lines for `eval` to `out` as soon as it answers.
///
/// # Errors
/// As [`start`]; [`SandboxError::Disk`] if `out` cannot be written.
pub async fn serve(
    options: Options,
    out: &mut (impl Write + Send),
    shutdown: impl Future<Output = ()>,
) -> Result<(), SandboxError> {
    let auth = options.auth.clone();
    let running = start(options).await?;
    let lines = shell_lines(&running, &auth);
    let written = out.write_all(lines.as_bytes()).and_then(|()| out.flush());
    written.map_err(|source| SandboxError::Disk { path: "/dev/stdout".into(), source })?;
    shutdown.await;
    running.shutdown().await;
    Ok(())
}

/// Writes the lines of `--serve` into the sandbox's directory and gives the command that makes a shell run them.
///
/// # Errors
/// [`SandboxError::Disk`].
pub fn write_shell_file(running: &Running, auth: &Auth) -> Result<String, SandboxError> {
    let file = running.layout().shell_file();
    write_private(&file, shell_lines(running, auth).as_bytes())?;
    Ok(format!(". {}", shell_word(&file.to_string_lossy())))
}

/// Lines that any POSIX shell can `eval`: `# URL`, Docker's variables, passphrases, and functions that give `notary`
/// and `trustdeck` the sandbox's files, since neither has a variable for that.
fn shell_lines(running: &Running, auth: &Auth) -> String {
    let layout = running.layout();
    let mut lines = vec![format!("# {}", running.url())];
    if running.url().starts_with("http:") {
        lines.push("# docker trust takes https only; notary and trustdeck --insecure-http take this".to_owned());
    }
    let mut export = |name: &str, value: &str| lines.push(format!("export {name}={}", quoted(value)));
    export("DOCKER_CONFIG", &layout.docker_dir().to_string_lossy());
    export("DOCKER_CONTENT_TRUST_SERVER", running.url());
    for role in ["ROOT", "REPOSITORY"] {
        export(&format!("DOCKER_CONTENT_TRUST_{role}_PASSPHRASE"), PASSPHRASE);
    }
    for role in ["ROOT", "TARGETS", "SNAPSHOT", "DELEGATION"] {
        export(&format!("NOTARY_{role}_PASSPHRASE"), PASSPHRASE);
    }
    if let Auth::Basic(login) | Auth::Token(login) = auth {
        export("NOTARY_AUTH", &basic(login));
    }
    let path = |path: &Path| quoted(&path.to_string_lossy());
    lines.push(format!("notary() {{ command notary -c {} \"$@\"; }}", path(&layout.notary_config())));
    let images = image_variables(running);
    lines.extend(registry_lines(running, &images));
    let (state, config) = (path(&layout.state_home()), path(&layout.config_home()));
    let own = format!("XDG_STATE_HOME={state} XDG_CONFIG_HOME={config} {images}");
    lines.push(format!("trustdeck() {{ {own} command trustdeck \"$@\"; }}"));
    lines.push(String::new());
    lines.join("\n")
}

/// What tells programs for images, also those that trustdeck runs, where the registry is and who vouches for it.
fn image_variables(running: &Running) -> String {
    let layout = running.layout();
    let path = |path: &Path| quoted(&path.to_string_lossy());
    format!(
        "CONTAINERS_REGISTRIES_CONF={} REGISTRY_AUTH_FILE={} SSL_CERT_FILE={}",
        path(&layout.registries_file()),
        path(&layout.docker_dir().join("config.json")),
        path(&layout.ca_file())
    )
}

/// Lines about the registry: functions for programs that can be pointed at it by name, and words on those that cannot.
fn registry_lines(running: &Running, variables: &str) -> Vec<String> {
    let (layout, host) = (running.layout(), running.registry());
    // Debian's skopeo reads no variable for its registries.
    let file = format!(" --registries-conf {}", quoted(&layout.registries_file().to_string_lossy()));
    let function = |(name, option): (&str, &str)| format!("{name}() {{ {variables} command {name}{option} \"$@\"; }}");
    let mut lines = Vec::new();
    let name = if running.is_empty() { "NAME" } else { "team/web" };
    if !running.is_empty() {
        let image = format!("{REGISTRY}/{name}:3.1.6");
        lines.push(format!("# images: skopeo inspect -n docker://{image}, podman pull {image}"));
    }
    lines.push(format!("# docker, and whoever pushes or lists, names them by address: {host}/{name}"));
    if running.url().starts_with("https:") {
        let certs = format!("/etc/docker/certs.d/{host}/ca.crt");
        lines.push(format!("# and its daemon needs {} as {certs}", shell_word(&layout.ca_file().to_string_lossy())));
    }
    lines.extend([("skopeo", file.as_str()), ("podman", "")].map(function));
    lines
}
