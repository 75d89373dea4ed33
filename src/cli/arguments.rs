//! The command line, as values.

use std::net::SocketAddr;
use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};

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
    /// Trust server, as https://HOST[:PORT][/PATH]
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
    /// Draw the screen with ASCII signs only
    #[arg(long, global = true, help_heading = "Global options")]
    pub ascii: bool,
    /// Allow logins to go to this token realm on another host
    #[arg(long, value_name = "HOST", global = true, help_heading = "Global options")]
    pub allow_realm: Vec<String>,
    /// Read passphrases from this file descriptor: one for all keys, or lines ROLE=PASSPHRASE
    #[arg(long, value_name = "FD", global = true, help_heading = "Global options")]
    pub passphrase_fd: Option<u32>,
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
    /// Sign tags by digest and size
    Sign(Sign),
    /// Take signatures of a tag back
    Revoke(Revoke),
    /// Sign the unchanged content of roles again
    Witness(Witness),
    /// Delete trust data: on this machine at once, or on the server (staged)
    Delete(Delete),
    /// List keys
    #[command(subcommand)]
    Key(Key),
    /// Show what was chosen and what is staged
    Status(Status),
    /// Drop staged changes
    Reset(Reset),
    /// Show, take over or drop what notary staged in the shared trust directory
    Changelist(Changelist),
    /// Review and send what is staged
    Publish(Publish),
    /// Try everything on an embedded trust server
    Sandbox(Sandbox),
}

/// `inspect`
#[derive(Debug, Args)]
pub struct Inspect {
    /// Repositories, or single tags of them
    #[arg(value_name = "REPO[:TAG]", required = true)]
    pub references: Vec<String>,
    /// Tables for people
    #[arg(long, conflicts_with = "json")]
    pub pretty: bool,
}

/// `signer`
#[derive(Debug, Subcommand)]
pub enum Signer {
    /// Add a signer; creates the trust data of a repository that has none
    Add(SignerAdd),
    /// Remove a signer
    Remove(SignerRemove),
}

/// `signer add`
#[derive(Debug, Args)]
pub struct SignerAdd {
    /// File with the signer's public key or certificate (PEM); may be given several times
    #[arg(long, value_name = "FILE", required = true)]
    pub key: Vec<PathBuf>,
    /// Root key for repositories that are created: an ID of `trustdeck key list`, or "new"
    #[arg(long, value_name = "KEYID")]
    pub root_key: Option<String>,
    /// Name of the signer
    #[arg(value_name = "NAME")]
    pub name: String,
    /// Repositories
    #[arg(value_name = "REPO", required = true)]
    pub repositories: Vec<String>,
    /// Whether and how to publish.
    #[command(flatten)]
    pub publishing: Publishing,
}

/// `signer remove`
#[derive(Debug, Args)]
pub struct SignerRemove {
    /// Remove only this key of the signer; may be given several times
    #[arg(long, value_name = "KEYID")]
    pub key: Vec<String>,
    /// Name of the signer
    #[arg(value_name = "NAME")]
    pub name: String,
    /// Repositories
    #[arg(value_name = "REPO", required = true)]
    pub repositories: Vec<String>,
    /// Whether and how to publish.
    #[command(flatten)]
    pub publishing: Publishing,
}

/// `delegation`
#[derive(Debug, Subcommand)]
pub enum Delegation {
    /// List delegations with their paths and keys
    List(DelegationList),
    /// Add keys and paths to a delegation, made if it is missing
    Add(DelegationAdd),
    /// Remove a delegation, or keys and paths of it
    Remove(DelegationRemove),
    /// Remove keys from every delegation
    Purge(DelegationPurge),
}

/// `delegation list`
#[derive(Debug, Args)]
pub struct DelegationList {
    /// Repository
    #[arg(value_name = "REPO")]
    pub repository: String,
}

/// Paths of a delegation.
#[derive(Debug, Args)]
pub struct Paths {
    /// Prefixes of tags, separated by commas; "" is all
    #[arg(long, value_name = "P,...", value_delimiter = ',', conflicts_with = "all_paths")]
    pub paths: Vec<String>,
    /// All tags (on remove: all paths)
    #[arg(long)]
    pub all_paths: bool,
}

/// `delegation add`
#[derive(Debug, Args)]
pub struct DelegationAdd {
    /// Repository
    #[arg(value_name = "REPO")]
    pub repository: String,
    /// Delegation, such as targets/team
    #[arg(value_name = "ROLE")]
    pub role: String,
    /// Files with public keys or certificates (PEM)
    #[arg(value_name = "FILE")]
    pub files: Vec<PathBuf>,
    /// Paths to add.
    #[command(flatten)]
    pub paths: Paths,
    /// Whether and how to publish.
    #[command(flatten)]
    pub publishing: Publishing,
}

/// `delegation remove`
#[derive(Debug, Args)]
pub struct DelegationRemove {
    /// Repository
    #[arg(value_name = "REPO")]
    pub repository: String,
    /// Delegation, such as targets/team
    #[arg(value_name = "ROLE")]
    pub role: String,
    /// Keys to remove; without keys and paths the delegation itself is removed
    #[arg(value_name = "KEYID")]
    pub keys: Vec<String>,
    /// Paths to remove.
    #[command(flatten)]
    pub paths: Paths,
    /// Whether and how to publish.
    #[command(flatten)]
    pub publishing: Publishing,
}

/// `delegation purge`
#[derive(Debug, Args)]
pub struct DelegationPurge {
    /// Repository
    #[arg(value_name = "REPO")]
    pub repository: String,
    /// Keys to remove
    #[arg(value_name = "KEYID", required = true)]
    pub keys: Vec<String>,
    /// Whether and how to publish.
    #[command(flatten)]
    pub publishing: Publishing,
}

/// `sign`
#[derive(Debug, Args)]
pub struct Sign {
    /// Tag to sign
    #[arg(value_name = "REPO:TAG", required_unless_present = "from", conflicts_with = "from")]
    pub reference: Option<String>,
    /// Digest of the manifest, as sha256:HEX
    #[arg(long, value_name = "DIGEST", requires = "reference", required_unless_present = "from")]
    pub digest: Option<String>,
    /// Length of the manifest
    #[arg(long, value_name = "BYTES", requires = "reference", required_unless_present = "from")]
    pub size: Option<u64>,
    /// Role to sign into, instead of those that docker trust sign would choose; may be given several times
    #[arg(long, value_name = "ROLE")]
    pub role: Vec<String>,
    /// File (- for standard input) with a line REPO:TAG sha256:HEX BYTES for each tag
    #[arg(long, value_name = "FILE")]
    pub from: Option<PathBuf>,
    /// Whether and how to publish.
    #[command(flatten)]
    pub publishing: Publishing,
}

/// `revoke`
#[derive(Debug, Args)]
pub struct Revoke {
    /// Tag to revoke
    #[arg(value_name = "REPO:TAG")]
    pub reference: String,
    /// Role to revoke it in, instead of all; may be given several times
    #[arg(long, value_name = "ROLE")]
    pub role: Vec<String>,
    /// Whether and how to publish.
    #[command(flatten)]
    pub publishing: Publishing,
}

/// `witness`
#[derive(Debug, Args)]
pub struct Witness {
    /// Repository
    #[arg(value_name = "REPO")]
    pub repository: String,
    /// Roles, such as targets/releases
    #[arg(value_name = "ROLE", required = true)]
    pub roles: Vec<String>,
    /// Whether and how to publish.
    #[command(flatten)]
    pub publishing: Publishing,
}

/// `delete`
#[derive(Debug, Args)]
pub struct Delete {
    /// Repository
    #[arg(value_name = "REPO")]
    pub repository: String,
    /// Stage deleting the trust data on the server, instead of deleting this machine's copy
    #[arg(long)]
    pub remote: bool,
    /// Whether and how to publish.
    #[command(flatten)]
    pub publishing: Publishing,
}

/// `key`
#[derive(Debug, Subcommand)]
pub enum Key {
    /// List keys: in the key store, behind servers, and other people's
    List,
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

/// For commands that stage: whether to publish at once.
#[derive(Clone, Debug, Args)]
pub struct Publishing {
    /// Publish all that is staged for the named repositories
    #[arg(long)]
    pub publish: bool,
    /// What was agreed to.
    #[command(flatten)]
    pub agreement: Agreement,
}

/// What the user agrees to without being asked.
#[derive(Clone, Debug, Default, Args)]
pub struct Agreement {
    /// Do not ask for confirmation
    #[arg(long, short = 'y')]
    pub yes: bool,
    /// Accept that signed tags are orphaned or data is deleted; with an ID of --dry-run, by that plan only
    #[arg(long, value_name = "PLAN", num_args = 0..=1, require_equals = true, default_missing_value = "")]
    pub accept: Option<String>,
}

/// `sandbox`
#[derive(Debug, Args)]
pub struct Sandbox {
    /// Run the trust server alone until ctrl-c
    #[arg(long)]
    pub serve: bool,
    /// Address to listen on
    #[arg(long, value_name = "ADDR", requires = "serve")]
    pub listen: Option<SocketAddr>,
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
