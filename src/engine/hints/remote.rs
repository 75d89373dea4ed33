//! Class and next step of what servers, networks and logins do.

use std::path::Path;

use crate::engine::error::Kind;
use crate::remote::RemoteError;
use crate::remote::TlsFault;
use crate::remote::auth::DOCKER_HUB;

/// Longer waits are no waits: whoever asks for one has set a date for show.
const LONGEST_WAIT: u64 = 24 * 60 * 60;

/// The class.
pub(super) fn kind(error: &RemoteError) -> Kind {
    match error {
        RemoteError::NotFound { .. } => Kind::Absent,
        RemoteError::Network { .. }
        | RemoteError::Offline { .. }
        | RemoteError::BrokeOff { .. }
        | RemoteError::Slow { .. }
        | RemoteError::Proxy { .. } => Kind::Network,
        RemoteError::Tls { .. } | RemoteError::WantsTls { .. } => Kind::Tls,
        RemoteError::TooBig { .. } => Kind::Limit,
        RemoteError::Altered { .. } | RemoteError::Length { .. } => Kind::Mix,
        RemoteError::Malformed { .. } => Kind::Format,
        RemoteError::BadAnswer { .. }
        | RemoteError::Server { .. }
        | RemoteError::Invalid { .. }
        | RemoteError::Incomplete { .. }
        | RemoteError::NotNotary { .. }
        | RemoteError::NotRegistry { .. }
        | RemoteError::UploadTooBig { .. }
        | RemoteError::Race { .. } => Kind::Server,
        RemoteError::Redirect { .. } => Kind::Redirect,
        RemoteError::Unauthorized { .. } | RemoteError::RealmConsent { .. } | RemoteError::Helper { .. } => Kind::Auth,
        RemoteError::Forbidden { .. } => Kind::Forbidden,
        RemoteError::Busy { .. } => Kind::Busy,
        RemoteError::Version { .. } => Kind::Conflict,
        RemoteError::AnswerLost { .. } => Kind::OutcomeUnknown,
        RemoteError::NotTag(_) | RemoteError::Setting(_) => Kind::Input,
        RemoteError::Cancelled => Kind::Cancelled,
    }
}

/// What to do next.
pub(super) fn hint(error: &RemoteError) -> String {
    let fixed = match error {
        RemoteError::Unauthorized { registry, .. } if registry == DOCKER_HUB => "log in with: docker login",
        RemoteError::Unauthorized { registry, .. } => return format!("log in with: docker login {registry}"),
        RemoteError::RealmConsent { realm, .. } => {
            return format!(
                "if {realm} is where your logins belong, allow it with --allow-realm {realm}, or for good with \
                 allow_realm in config.toml"
            );
        }
        RemoteError::NotFound { .. } => "check the name of the repository and the address of the server",
        RemoteError::NotNotary { chosen, .. } => return name_server(chosen),
        RemoteError::NotRegistry { .. } => {
            "check the host in the repository's name, or set the registry's own address in [registries] of config.toml"
        }
        RemoteError::Network { chosen: Some(chosen), .. } => {
            return format!("check the network and the proxy variables, or {}", name_server(chosen));
        }
        // A trust server is named by what chose it: this is a registry, or where a login is asked for.
        RemoteError::Network { .. } => {
            "check the host in the repository's name (or its address in [registries]), the network and the proxy variables"
        }
        RemoteError::Offline { .. } => "start without --offline",
        RemoteError::BrokeOff { .. } => "try again; if it goes on, ask whoever runs the server, or a proxy before it",
        RemoteError::WantsTls { .. } => "write https:// in its address",
        RemoteError::Proxy { host, variable, .. } => {
            return format!("check the proxy that {variable} names, or reach {host} without one: name it in NO_PROXY");
        }
        RemoteError::Busy { wait: Some(seconds), .. } if *seconds <= LONGEST_WAIT => {
            return format!("it asks to wait {seconds} s; try again then");
        }
        RemoteError::Slow { .. } => {
            "try again in a while; if it is always so slow, set timeout in [servers] of config.toml"
        }
        RemoteError::Busy { .. } => "try again in a while",
        RemoteError::Tls { host, why } => return tls_hint(host, why),
        RemoteError::Redirect { .. } => {
            "if this network wants a login first, log in with a browser; else give the address that it redirects to, if \
             that is your server (--server for a trust server)"
        }
        RemoteError::Forbidden { .. } => "ask the owner of the repository for the right, or log in as somebody else",
        RemoteError::Helper { .. } => "run the credential helper by hand, or log in again with docker login",
        RemoteError::TooBig { host, .. } | RemoteError::BadAnswer { host, .. } => {
            return format!("check that {host} is the server that is meant, and whether it speaks https or http");
        }
        RemoteError::Altered { .. } | RemoteError::Length { .. } => {
            "do not use this image: its content was changed in the registry or on the way; ask whoever runs the registry"
        }
        RemoteError::Malformed { .. } => "do not use this image; ask whoever pushed it which program wrote it",
        RemoteError::UploadTooBig { .. } => {
            "raise the limit of whatever is in front of the trust server (nginx: client_max_body_size)"
        }
        RemoteError::Race { .. } => "publish again; if it fails always, ask whoever runs the server, its log says more",
        RemoteError::Server { .. } => "ask whoever runs the server, its log says more",
        RemoteError::Invalid { .. } | RemoteError::Incomplete { .. } => "refresh, review the plan and publish again",
        RemoteError::Version { .. } => "refresh and publish again",
        RemoteError::AnswerLost { .. } => "look at the repository before you publish again",
        RemoteError::NotTag(_) => "a tag is letters, digits, _, . and -, such as 1.0; the first is no . and no -",
        RemoteError::Setting(_) => "mend the setting, trustdeck status shows where settings come from",
        RemoteError::Cancelled => "try again when you are ready",
    };
    fixed.to_owned()
}

/// How a trust server is named, and what named the one that was asked.
fn name_server(chosen: &str) -> String {
    format!(
        "name the trust server with --server, DOCKER_CONTENT_TRUST_SERVER or [servers] in config.toml (now: {chosen})"
    )
}

fn file_for(host: &str, place: Option<&Path>) -> String {
    let named = place.map(|file| file.display().to_string());
    named.unwrap_or_else(|| format!("tls/{host}/ca.crt below Docker's configuration"))
}

// None of these may suggest a way around a check.
fn tls_hint(host: &str, why: &TlsFault) -> String {
    let fixed = match why {
        TlsFault::UnknownAuthority { place, .. } => {
            return format!(
                "if this is the right server, put the certificate of the authority that issued its own into {}, or name it \
                 with --ca FILE",
                file_for(host, place.as_deref())
            );
        }
        TlsFault::IssuerNoAuthority { .. } => {
            "make the authority's certificate anew with basicConstraints CA:TRUE; or name the server's own certificate \
             instead: then exactly that one is trusted"
        }
        TlsFault::BadSignature => {
            "compare the authority that you named with the one that issued the server's certificate: they have one name \
             and different keys"
        }
        TlsFault::Expired { .. } | TlsFault::Revoked => {
            "ask whoever runs the server to renew its certificate; check this machine's clock"
        }
        TlsFault::NotValidYet { .. } => "check this machine's clock; else ask whoever runs the server",
        TlsFault::WrongName { names } if names.is_empty() => {
            "ask whoever runs the server for a certificate with a subjectAltName: a common name alone does not count"
        }
        TlsFault::WrongName { .. } => "call the server by a name that its certificate has, or check the address",
        TlsFault::NotForServers => "ask whoever runs the server for a certificate that is for servers",
        TlsFault::Authority { place } => {
            return format!(
                "if this is the right server, put this certificate into {}, or name it with --ca FILE: then exactly this one \
                 is trusted",
                file_for(host, place.as_deref())
            );
        }
        TlsFault::RsaLength { .. } => "ask whoever runs the server for a certificate with a key of accepted length",
        TlsFault::Algorithm { .. } => {
            "ask whoever runs the server for a certificate that is signed with SHA-256 or better"
        }
        TlsFault::Odd => "ask whoever runs the server which program made its certificate",
        TlsFault::OldProtocol => "ask whoever runs the server to allow TLS 1.2 or 1.3",
        TlsFault::NothingInCommon => {
            "if it wants a client certificate, put NAME.cert and NAME.key into Docker's TLS directory of the server; else \
             ask whoever runs it which ciphers it allows"
        }
        TlsFault::ClientCertificateWanted => {
            return format!(
                "put your client certificate and its key as client.cert and client.key into tls/{host}/ below Docker's \
                 configuration"
            );
        }
        TlsFault::ClientCertificateRefused => {
            "ask whoever runs the server which authority must have issued your client certificate, and whether yours has \
             expired"
        }
        TlsFault::NotTls => "check the address and its port: something else than https answers there",
        TlsFault::Other(_) => "ask whoever runs the server, its log says more",
    };
    fixed.to_owned()
}
