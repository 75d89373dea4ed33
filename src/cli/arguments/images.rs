//! Arguments of commands that look at images in registries.

use std::net::SocketAddr;
use std::path::PathBuf;

use clap::builder::{PossibleValuesParser, TypedValueParser};
use clap::{Args, Subcommand, ValueEnum};

use super::writing::Agreement;
use crate::engine::tags::compare::TagStanding;

/// `tags`
#[derive(Debug, Args)]
pub struct Tags {
    /// Repository
    #[arg(value_name = "REPO")]
    pub repository: String,
    /// Show only tags that stand like this; may be given several times
    #[arg(long, value_name = "STATE", value_parser = standing())]
    pub state: Vec<TagStanding>,
}

/// The words for how a tag stands once it was compared.
fn standing() -> impl TypedValueParser<Value = TagStanding> {
    let named = |word: String| TagStanding::COMPARED.into_iter().find(|standing| standing.word() == word);
    let words = PossibleValuesParser::new(TagStanding::COMPARED.map(TagStanding::word));
    words.try_map(move |word| named(word).ok_or("no state of a tag"))
}

/// `drift`
#[derive(Debug, Args)]
pub struct Drift {
    /// Repositories, instead of all that are known here
    #[arg(value_name = "REPO")]
    pub repositories: Vec<String>,
}

/// `resolve`
#[derive(Debug, Args)]
pub struct Resolve {
    /// Images; without a tag, the tag latest is meant
    #[arg(value_name = "IMAGE", required = true)]
    pub images: Vec<String>,
}

/// `verify`
#[derive(Debug, Args)]
pub struct Verify {
    /// Repositories, or single tags of them
    #[arg(value_name = "REPO[:TAG]", required = true)]
    pub references: Vec<String>,
    /// Read every configuration and layer too
    #[arg(long)]
    pub deep: bool,
    /// Of an index, only this platform, such as linux/arm64 or linux/arm/v6
    #[arg(long, value_name = "OS/ARCH[/VARIANT]", requires = "deep")]
    pub platform: Option<String>,
}

/// `pull`
#[derive(Debug, Args)]
pub struct Pull {
    /// Images; without a tag, the tag latest is meant
    #[arg(value_name = "IMAGE", required = true)]
    pub images: Vec<String>,
    /// Program that pulls; docker if it is installed
    #[arg(long, value_name = "PROGRAM")]
    pub with: Option<Puller>,
}

/// `push`
#[derive(Debug, Args)]
pub struct Push {
    /// Image to push and sign
    #[arg(value_name = "REPO:TAG")]
    pub image: String,
    /// Program that pushes; docker if it is installed
    #[arg(long, value_name = "PROGRAM")]
    pub with: Option<Puller>,
    /// Role to sign into, instead of those that docker trust sign would choose; may be given several times
    #[arg(long, value_name = "ROLE")]
    pub role: Vec<String>,
    /// What was agreed to.
    #[command(flatten)]
    pub agreement: Agreement,
}

/// A program that moves images.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Puller {
    /// Docker's client with its daemon.
    Docker,
    /// podman.
    Podman,
}

/// `gate`
#[derive(Debug, Args)]
pub struct Gate {
    /// Address to listen on, IP:PORT
    #[arg(long, value_name = "ADDR", default_value = "127.0.0.1:5443")]
    pub listen: SocketAddr,
    /// Registry behind the gate, as images are named: HOST or HOST:PORT
    #[arg(long, value_name = "REGISTRY")]
    pub upstream: String,
    /// Serve by digest only what a signed tag reaches
    #[arg(long)]
    pub strict: bool,
    /// Certificate chain (PEM), to serve https
    #[arg(long, value_name = "FILE", requires = "key")]
    pub cert: Option<PathBuf>,
    /// Its private key (PEM)
    #[arg(long, value_name = "FILE", requires = "cert")]
    pub key: Option<PathBuf>,
    /// Demand a login; TRUSTDECK_GATE_AUTH holds USER:PASSWORD
    #[arg(long)]
    pub auth: bool,
    /// Let everybody in who reaches an address beyond this machine
    #[arg(long, conflicts_with = "auth")]
    pub open: bool,
}

/// `plugin`
#[derive(Debug, Subcommand)]
pub enum Plugin {
    /// Link trustdeck into Docker's plugin directory, as docker trust (from Docker 29 on) or docker trustdeck
    Install(PluginPlace),
    /// Remove the links to trustdeck
    Remove(PluginPlace),
    /// Show where links to trustdeck are, and under which name docker takes them
    Status,
}

/// Where the plugin is.
#[derive(Debug, Args)]
pub struct PluginPlace {
    /// For everybody on this machine, instead of for this user
    #[arg(long)]
    pub system: bool,
}
