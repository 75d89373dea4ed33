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
}

/// `rotate root`, `targets`, `snapshot` and `timestamp`
#[derive(Debug, Args)]
pub struct RotateBase {
    /// Repositories
    #[arg(value_name = "REPO", required = true)]
    pub repositories: Vec<String>,
    /// File with the private key to use (PEM), or the KEYID of a key on a token, instead of a new one
    #[arg(long, value_name = "FILE|KEYID", conflicts_with = "server_managed")]
    pub key: Option<PathBuf>,
    /// The server makes and holds the key (snapshot, timestamp)
    #[arg(long, conflicts_with = "local")]
    pub server_managed: bool,
    /// This machine holds the key; without either, who holds it now
    #[arg(long)]
    pub local: bool,
    /// Whether and how to publish.
    #[command(flatten)]
    pub publishing: Publishing,
}

/// `rotate signer`
#[derive(Debug, Args)]
pub struct RotateSigner {
    /// Name of the signer
    #[arg(value_name = "NAME")]
    pub name: String,
    /// Repositories
    #[arg(value_name = "REPO", required = true)]
    pub repositories: Vec<String>,
    /// File with the key to use (PEM), or the KEYID of a key on a token, instead of a new one; with a colleague's public key, the old key stays until he
    /// has signed with the new one: run the same command again then
    #[arg(long, value_name = "FILE")]
    pub key: Option<PathBuf>,
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
