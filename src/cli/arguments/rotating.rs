//! Arguments of rotations and renewals.

use std::path::PathBuf;

use clap::{Args, Subcommand};

use super::Publishing;

/// `rotate`
#[derive(Debug, Subcommand)]
pub enum Rotate {
    /// New root key; signed with the old one too, so that clients follow by themselves
    Root(RotateBase),
    /// New targets key; no tag is lost
    Targets(RotateBase),
    /// New snapshot key, on the server or here
    Snapshot(RotateBase),
    /// New timestamp key, which the server makes
    Timestamp(RotateBase),
    /// New key of a signer: added, signed with, and the old one removed, all in one publish
    Signer(RotateSigner),
    /// Sign with your new key what a hand-over file names, so that the old one can go
    TakeOver(TakeOver),
    /// List rotations, renewals and set-ups that were begun, and what each waits for
    List,
    /// Go on with one of them
    Resume(Resume),
    /// Give one of them up; keys and what is staged stay
    Forget(Forget),
}

/// `rotate root`, `targets`, `snapshot` and `timestamp`
#[derive(Debug, Args)]
pub struct RotateBase {
    /// Repositories
    #[arg(value_name = "REPO", required = true)]
    pub repositories: Vec<String>,
    /// Key to use instead of a new one: a file with the private key (PEM), or a KEYID of the key store or a token; as
    /// often as keys must sign
    #[arg(long, value_name = "FILE|KEYID", conflicts_with = "server_managed")]
    pub key: Vec<String>,
    /// The server makes and holds the key (snapshot, timestamp)
    #[arg(long, conflicts_with = "local")]
    pub server_managed: bool,
    /// This machine holds the key; without either, who holds it now
    #[arg(long)]
    pub local: bool,
    /// Root: also rotate in all other known repositories with the same root key
    #[arg(long)]
    pub same_root: bool,
    /// Root: also sign with the root keys of the last N versions (-1: of all) that are here, for clients that missed a
    /// rotation
    #[arg(long, value_name = "N", allow_hyphen_values = true)]
    pub legacy: Option<i64>,
    /// Whether and how to publish.
    #[command(flatten)]
    pub publishing: Publishing,
}

/// `rotate signer`
#[derive(Debug, Args)]
pub struct RotateSigner {
    /// Name of the signer
    #[arg(value_name = "SIGNER")]
    pub name: String,
    /// Repositories
    #[arg(value_name = "REPO", required = true)]
    pub repositories: Vec<String>,
    /// Key to use instead of a new one: a file (PEM), or a KEYID of the key store or a token; with a colleague's public
    /// key, the old key stays until he has signed with the new one: run the same command again then
    #[arg(long, value_name = "FILE|KEYID")]
    pub key: Vec<String>,
    /// Write what the colleague needs to know into this file; it holds no secret
    #[arg(long, value_name = "FILE")]
    pub hand_over: Option<PathBuf>,
    /// Add the new key and keep the old one; run the same command without it to remove the old one
    #[arg(long)]
    pub add_only: bool,
    /// Whether and how to publish.
    #[command(flatten)]
    pub publishing: Publishing,
}

/// `renew`
#[derive(Debug, Args)]
pub struct Renew {
    /// root, targets or a delegation such as targets/releases
    #[arg(value_name = "ROLE")]
    pub role: String,
    /// Repositories
    #[arg(value_name = "REPO", required = true)]
    pub repositories: Vec<String>,
    /// Whether and how to publish.
    #[command(flatten)]
    pub publishing: Publishing,
}

/// `rotate take-over`
#[derive(Debug, Args)]
pub struct TakeOver {
    /// File that `rotate signer --hand-over` wrote
    #[arg(value_name = "FILE")]
    pub file: PathBuf,
    /// Whether and how to publish.
    #[command(flatten)]
    pub publishing: Publishing,
}

/// `rotate resume`
#[derive(Debug, Args)]
pub struct Resume {
    /// ID that `rotate list` shows, or its beginning
    #[arg(value_name = "ROTATION")]
    pub id: String,
    /// Whether and how to publish.
    #[command(flatten)]
    pub publishing: Publishing,
}

/// `rotate forget`
#[derive(Debug, Args)]
pub struct Forget {
    /// ID that `rotate list` shows, or its beginning
    #[arg(value_name = "ROTATION")]
    pub id: String,
}

/// `setup`
#[derive(Debug, Args)]
pub struct Setup {
    /// Repositories
    #[arg(value_name = "REPO", required = true)]
    pub repositories: Vec<String>,
    /// A first signer, with a file of his public key, or a KEYID; without, a new key is made
    #[arg(long, value_name = "SIGNER[=FILE|KEYID]", required = true)]
    pub signer: Vec<String>,
    /// Root key: a KEYID of the key store, or "new"; without, the only one there is, else a new one
    #[arg(long, value_name = "KEYID")]
    pub root_key: Option<String>,
    /// File (- for standard input) with a line REPO:TAG sha256:HEX BYTES for each tag to sign at once
    #[arg(long, value_name = "FILE")]
    pub from: Option<PathBuf>,
    /// Do not ask the registry whether it has what --from names: it is pushed later
    #[arg(long, requires = "from")]
    pub unpushed: bool,
    /// Whether and how to publish.
    #[command(flatten)]
    pub publishing: Publishing,
}
