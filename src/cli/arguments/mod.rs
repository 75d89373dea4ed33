//! The command line, as values.

mod alike;
mod images;
pub(super) mod key;
mod numbers;
mod rotating;
mod shell;
mod staging;
mod writing;

use std::net::SocketAddr;
use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};

pub(in crate::cli) use alike::nearest;
pub use images::{Drift, Gate, Plugin, PluginPlace, Pull, Puller, Push, Resolve, Tags, Verify};
pub use rotating::{Forget, Renew, Resume, Rotate, RotateBase, RotateSigner, Setup, TakeOver};
pub use shell::{Completions, Man, Shell};
pub use writing::{
    Agreement, Delegation, DelegationAdd, DelegationList, DelegationPurge, DelegationRemove, Delete, Paths, Publishing,
    Restore, Revoke, Sign, Signer, SignerAdd, SignerOf, SignerRemove, Witness,
};

use crate::config::realm_host;
use crate::tui::ThemeChoice;
use key::Key;

/// A terminal console for Docker Content Trust and Notary v1.
#[derive(Debug, Parser)]
#[command(name = "trustdeck", version, subcommand_precedence_over_arg = true, propagate_version = true)]
#[command(after_help = "Without a command, opens the screen; with REPO..., on those repositories.\n\
    Changes are staged first and sent by `trustdeck publish`, or at once with --publish.")]
pub struct Arguments {
    /// What holds for every command.
    #[command(flatten)]
    pub globals: Globals,
    /// Repositories to open on the screen.
    #[arg(value_name = "REPO")]
    pub repositories: Vec<String>,
    /// What to do; the screen if there is none.
    #[command(subcommand)]
    pub command: Option<Command>,
}

/// What holds for every command.
#[derive(Clone, Debug, Default, Args)]
pub struct Globals {
    /// Trust server, such as `https://notary.example.com:4443`
    #[arg(long, value_name = "URL", global = true, help_heading = "Global options")]
    pub server: Option<String>,
    /// Trust directory, shared with docker and notary
    #[arg(long, value_name = "DIR", global = true, help_heading = "Global options")]
    pub trust_dir: Option<PathBuf>,
    /// Certificate authority of the server, beside the system's
    #[arg(long, value_name = "FILE", global = true, help_heading = "Global options")]
    pub ca: Vec<PathBuf>,
    /// Allow http:// to loopback addresses
    #[arg(long, global = true, help_heading = "Global options")]
    pub insecure_http: bool,
    /// Never use the network; show what this machine holds
    #[arg(long, global = true, help_heading = "Global options")]
    pub offline: bool,
    /// Results and errors as JSON
    #[arg(long, global = true, help_heading = "Global options")]
    pub json: bool,
    /// Take names literally, as notary does, instead of as image names
    #[arg(long, global = true, help_heading = "Global options")]
    pub gun: bool,
    /// Lines instead of a screen: numbered lists and questions, for screen readers and serial lines
    #[arg(long, global = true, help_heading = "Global options")]
    pub plain: bool,
    /// Draw the screen with ASCII signs only
    #[arg(long, global = true, help_heading = "Global options")]
    pub ascii: bool,
    /// Allow logins to go to this token realm elsewhere
    #[arg(long, value_name = "HOST[:PORT]", value_parser = realm_host, global = true, help_heading = "Global options")]
    pub allow_realm: Vec<String>,
    /// PKCS#11 module behind which keys on tokens are, instead of a YubiKey's
    #[arg(long, value_name = "FILE", global = true, help_heading = "Global options")]
    pub pkcs11_module: Option<PathBuf>,
    /// Colours of the screen, instead of those of TRUSTDECK_THEME: auto, dark, light, mono, high-contrast or colour-blind
    #[arg(long, value_name = "THEME", value_parser = theme, global = true, help_heading = "Global options")]
    pub theme: Option<ThemeChoice>,
    /// Look at everything, stage, make and publish nothing
    #[arg(long, global = true, help_heading = "Global options")]
    pub read_only: bool,
    /// Where it is written what happened, instead of the state directory
    #[arg(long, value_name = "FILE", global = true, help_heading = "Global options")]
    pub log_file: Option<PathBuf>,
    /// Read passphrases from this file descriptor: one line for all keys, or several ROLE=PASSPHRASE and token-pin=PIN
    #[arg(long, value_name = "FD", value_parser = numbers::descriptor, global = true, help_heading = "Global options")]
    pub passphrase_fd: Option<u32>,
}

/// The theme of this name.
///
/// # Errors
/// Says which there are, and which was meant.
pub(in crate::cli) fn theme(name: &str) -> Result<ThemeChoice, String> {
    let meant = || nearest(name, ThemeChoice::NAMES).map(|meant| format!("; did you mean {meant}?"));
    let unknown = || format!("give one of {}{}", ThemeChoice::NAMES.join(", "), meant().unwrap_or_default());
    ThemeChoice::named(name).ok_or_else(unknown)
}

/// Commands without a screen.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Show signed tags and signers, as docker trust inspect does
    Inspect(Inspect),
    /// Add or remove signers
    #[command(subcommand)]
    Signer(Signer),
    /// List, add, remove or purge delegations
    #[command(subcommand)]
    Delegation(Delegation),
    /// Sign tags as the registry holds them, or by digest and size
    Sign(Sign),
    /// Take signatures of a tag back
    Revoke(Revoke),
    /// Sign the unchanged content of roles again
    Witness(Witness),
    /// Bring back what the server lost or replaced: this machine's verified copy, or the last good file of a role
    Restore(Restore),
    /// Give repositories their first trust data: root key, signers, tags
    Setup(Setup),
    /// Put new keys in the place of old ones
    #[command(subcommand)]
    Rotate(Rotate),
    /// Sign root or targets again before they expire
    Renew(Renew),
    /// Delete trust data: on this machine at once, or on the server (staged)
    Delete(Delete),
    /// List, make, load, export, back up, restore and remove keys
    #[command(subcommand)]
    Key(Key),
    /// Show signed and unsigned tags beside what the registry holds
    Tags(Tags),
    /// Tell where a registry holds something else than what is signed (exit code 10)
    Drift(Drift),
    /// Print NAME@sha256:... of the trusted digest, for docker run and others
    Resolve(Resolve),
    /// Check that the registry holds what is signed, down to the layers
    Verify(Verify),
    /// Pull images by their trusted digests with docker or podman, and tag them
    Pull(Pull),
    /// Push an image with docker or podman and sign what was pushed
    Push(Push),
    /// Serve a registry that shows only the signed tags of another
    Gate(Gate),
    /// Give docker its trust command back
    #[command(subcommand)]
    Plugin(Plugin),
    /// Choose on the screen and print the choice, for scripts
    Pick(Pick),
    /// Show what was chosen and what is staged
    Status(Status),
    /// Drop staged changes
    Reset(Reset),
    /// Look after changes that were staged for another address
    #[command(subcommand)]
    Changes(Changes),
    /// Show, take over or drop what notary staged in the shared trust directory
    Changelist(Changelist),
    /// Review and send what is staged
    Publish(Publish),
    /// Try everything on an embedded trust server
    Sandbox(Sandbox),
    /// Print the completions of a shell, which know repositories, roles, tags and keys of this machine
    Completions(Completions),
    /// Write the manual pages into a directory
    Man(Man),
}

/// `inspect`
#[derive(Debug, Args)]
pub struct Inspect {
    /// Repositories, or single tags of them
    #[arg(value_name = "REPO[:TAG]", required = true)]
    pub references: Vec<String>,
    /// Only this target, whose name no tag can have, such as one with slashes; may be given several times
    #[arg(long, value_name = "NAME", allow_hyphen_values = true)]
    pub target: Vec<String>,
    /// Tables for people
    #[arg(long, conflicts_with = "json")]
    pub pretty: bool,
}

/// `pick`
#[derive(Debug, Args)]
pub struct Pick {
    /// What to choose; with marks, several
    #[arg(value_name = "WHAT")]
    pub what: Picked,
    /// Repository whose tag or role to choose
    #[arg(value_name = "REPO")]
    pub repository: Option<String>,
}

/// What can be chosen.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Picked {
    /// A repository's name.
    Repo,
    /// A key's ID.
    Key,
    /// REPO:TAG.
    Tag,
    /// A role's name.
    Role,
}

/// `status`
#[derive(Debug, Args)]
pub struct Status {
    /// Repository whose server and staged changes to show
    #[arg(value_name = "REPO")]
    pub repository: Option<String>,
}

/// `reset`
#[derive(Debug, Args)]
pub struct Reset {
    /// Repository whose staged changes to drop, instead of all
    #[arg(value_name = "REPO")]
    pub repository: Option<String>,
    /// Drop only this change, by the number that `trustdeck status` shows; may be given several times
    #[arg(long, value_name = "CHANGE", value_parser = numbers::staged)]
    pub change: Vec<u64>,
}

/// `changes`
#[derive(Debug, Subcommand)]
pub enum Changes {
    /// Put a repository's changes under the address that its server has now, once it shows the same root
    Move(MoveChanges),
}

/// `changes move`
#[derive(Debug, Args)]
pub struct MoveChanges {
    /// The server's address now
    #[arg(long, value_name = "URL")]
    pub to: String,
    /// Repository
    #[arg(value_name = "REPO")]
    pub repository: String,
}

/// `changelist`
#[derive(Debug, Args)]
pub struct Changelist {
    /// Repository
    #[arg(value_name = "REPO")]
    pub repository: String,
    /// Stage the same changes here and move notary's aside
    #[arg(long, conflicts_with = "drop")]
    pub adopt: bool,
    /// Move notary's changes aside
    #[arg(long)]
    pub drop: bool,
}

/// `publish`
#[derive(Debug, Args)]
pub struct Publish {
    /// Repositories to publish, instead of all with staged changes
    #[arg(value_name = "REPO")]
    pub repositories: Vec<String>,
    /// Show the plan and its ID, send nothing
    #[arg(long)]
    pub dry_run: bool,
    /// What was agreed to.
    #[command(flatten)]
    pub agreement: Agreement,
}

/// `sandbox`
#[derive(Debug, Default, Args)]
pub struct Sandbox {
    /// Run the trust server alone until ctrl-c
    #[arg(long)]
    pub serve: bool,
    /// Address to listen on, IP:PORT
    #[arg(long, value_name = "ADDR", requires = "serve")]
    pub listen: Option<SocketAddr>,
    /// Let anybody who reaches --listen in, without a login
    #[arg(long, requires = "serve")]
    pub open: bool,
    /// Directory to keep everything in, instead of a temporary one
    #[arg(long, value_name = "DIR")]
    pub dir: Option<PathBuf>,
    /// Start without the scene
    #[arg(long)]
    pub empty: bool,
    /// Serve http instead of https
    #[arg(long, requires = "serve")]
    pub http: bool,
    /// Demand a login; TRUSTDECK_SANDBOX_AUTH holds USER:PASSWORD
    #[arg(long, value_name = "HOW", requires = "serve")]
    pub auth: Option<SandboxAuth>,
}

/// How the sandbox demands a login.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum SandboxAuth {
    /// With every request.
    Basic,
    /// By a token of its own realm.
    Token,
}

#[cfg(test)]
mod tests {
    use super::realm_host;

    #[test]
    fn realms_are_hosts_with_or_without_a_port() {
        for fits in ["auth.test", "auth.test:5001", "[::1]", "[fd00::1]:8443", "127.0.0.1:5001"] {
            assert_eq!(realm_host(fits).as_deref(), Ok(fits));
        }
        for wrong in
            ["", ":5001", "auth.test:", "auth.test:0", "auth.test:70000", "a:b:c", "https://auth.test", "[::1]x"]
        {
            assert!(realm_host(wrong).is_err(), "{wrong}");
        }
    }
}
