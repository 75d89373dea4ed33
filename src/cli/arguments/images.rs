//! Arguments of commands that look at images in registries.

use clap::Args;

/// `tags`
#[derive(Debug, Args)]
pub struct Tags {
    /// Repository
    #[arg(value_name = "REPO")]
    pub repository: String,
    /// Show only tags that stand like this: ok, drift, gone, held, orphan, expired or unsigned
    #[arg(long, value_name = "STATE")]
    pub state: Vec<String>,
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
    /// Of an index, only this platform, such as linux/arm64
    #[arg(long, value_name = "OS/ARCH", requires = "deep")]
    pub platform: Option<String>,
}
