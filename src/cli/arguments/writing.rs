//! Arguments of commands that stage.

use std::path::PathBuf;

use clap::{Args, Subcommand};

/// For commands that stage: whether to publish at once.
#[derive(Clone, Debug, Args)]
pub struct Publishing {
    /// Publish all that is staged for the named repositories
    #[arg(long)]
    pub publish: bool,
    /// Show the plan that this would lead to; stage, make and send nothing
    #[arg(long)]
    pub dry_run: bool,
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
    /// Accept the dangers of the plan, such as orphaned tags; with an ID of --dry-run, those of that plan only
    #[arg(long, value_name = "PLAN", num_args = 0..=1, require_equals = true, default_missing_value = "")]
    pub accept: Option<String>,
    /// Show long lists of the plan whole
    #[arg(long)]
    pub full: bool,
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
    /// Whose, and where.
    #[command(flatten)]
    pub signer: SignerOf,
}

/// `signer remove`
#[derive(Debug, Args)]
pub struct SignerRemove {
    /// Remove only this key of the signer; may be given several times
    #[arg(long, value_name = "KEYID")]
    pub key: Vec<String>,
    /// Whose, and where.
    #[command(flatten)]
    pub signer: SignerOf,
}

/// A signer of some repositories.
#[derive(Debug, Args)]
pub struct SignerOf {
    /// Name of the signer
    #[arg(value_name = "SIGNER")]
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
    /// Tags to sign; with --from the repository that bare tags are of, with --target that of the target
    #[arg(value_name = "REPO:TAG", required_unless_present = "from")]
    pub references: Vec<String>,
    /// Name of a target in REPO that no tag can have, such as one with slashes
    #[arg(long, value_name = "NAME", requires = "digest", allow_hyphen_values = true)]
    pub target: Option<String>,
    /// Digest of the manifest, as sha256:HEX; the registry is not asked then
    #[arg(long, value_name = "DIGEST", requires = "size", conflicts_with = "from")]
    pub digest: Option<String>,
    /// Length of the manifest
    #[arg(long, value_name = "BYTES", value_parser = super::numbers::bytes, requires = "digest")]
    pub size: Option<u64>,
    /// Role to sign into, instead of those that docker trust sign would choose; may be given several times
    #[arg(long, value_name = "ROLE")]
    pub role: Vec<String>,
    /// File (- for standard input) with a line REPO:TAG sha256:HEX BYTES for each tag, or what docker push wrote
    #[arg(long, value_name = "FILE")]
    pub from: Option<PathBuf>,
    /// Do not ask the registry whether it has what --from names: it is pushed later
    #[arg(long, requires = "from")]
    pub unpushed: bool,
    /// Whether and how to publish.
    #[command(flatten)]
    pub publishing: Publishing,
}

/// `revoke`
#[derive(Debug, Args)]
pub struct Revoke {
    /// Tags to revoke; a repository alone stands for all its tags
    #[arg(value_name = "REPO[:TAG]", required = true)]
    pub references: Vec<String>,
    /// Name of a target in REPO that no tag can have, such as one with slashes, or as inspect shows it; may be given
    /// several times
    #[arg(long, value_name = "NAME", allow_hyphen_values = true)]
    pub target: Vec<String>,
    /// Role to revoke them in, instead of all; may be given several times
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

/// `restore`
#[derive(Debug, Args)]
pub struct Restore {
    /// Repository
    #[arg(value_name = "REPO")]
    pub repository: String,
    /// Roles whose last good file to sign again; without any, all of a repository that its server has lost is sent again
    #[arg(value_name = "ROLE")]
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
