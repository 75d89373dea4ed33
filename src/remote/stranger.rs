//! What is not a trust server, and what is not a registry.

/// What answers where a trust server was looked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stranger {
    /// A registry.
    Registry,
    /// A page for browsers.
    WebPage,
    /// Something else that speaks HTTP.
    Other,
}

impl std::fmt::Display for Stranger {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Registry => "as a registry, not as a trust server",
            Self::WebPage => "with a web page, not as a trust server",
            Self::Other => "as something that is not a trust server",
        })
    }
}

/// What answers where a registry was looked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NoRegistry {
    /// A trust server.
    TrustServer,
    /// A page for browsers.
    WebPage,
    /// Something else that speaks HTTP.
    Other,
}

impl std::fmt::Display for NoRegistry {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::TrustServer => "as a trust server, not as a registry",
            Self::WebPage => "with a web page, not as a registry",
            Self::Other => "as something that is not a registry",
        })
    }
}
