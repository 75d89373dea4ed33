//! What gives tokens to a registry's users, as `docker_auth` does: over TLS, signed with a key that servers believe.

use std::io::{Read, Write};
use std::net::TcpListener;
use std::path::Path;
use std::sync::{Arc, Mutex};
use std::thread;

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use p256::ecdsa::signature::Signer;
use p256::ecdsa::{Signature, SigningKey};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use serde_json::{Value, json};

/// Who may push, as `user:password`. Whoever gives no name may pull.
pub const WRITER: &str = "jeff:correct horse";

/// What signs tokens.
pub struct TokenKey {
    /// Base64 of the certificate's DER.
    pub certificate: String,
    pub key: SigningKey,
    /// Who says that it gives them.
    pub issuer: &'static str,
}

impl TokenKey {
    /// The key in a file of PKCS#8 or SEC 1, and its certificate.
    pub fn read(certificate: &Path, key: &Path, issuer: &'static str) -> Self {
        use p256::pkcs8::DecodePrivateKey;
        let pem = std::fs::read_to_string(certificate).unwrap();
        let certificate = pem.lines().filter(|line| !line.starts_with("---")).collect();
        let pem = std::fs::read_to_string(key).unwrap();
        let key = SigningKey::from_pkcs8_pem(&pem);
        let key = key.unwrap_or_else(|_| p256::SecretKey::from_sec1_pem(&pem).unwrap().into());
        Self { certificate, key, issuer }
    }

    /// A token for `service` that allows the actions on the repository.
    pub fn token(&self, service: &str, user: &str, access: &Value) -> String {
        let header = json!({"typ": "JWT", "alg": "ES256", "x5c": [self.certificate]});
        let now = jiff::Timestamp::now().as_second();
        let claims = json!({
            "iss": self.issuer, "sub": user, "aud": service, "iat": now, "nbf": now - 10, "exp": now + 300, "jti": "1",
            "access": access,
        });
        let message = [header, claims].map(|part| URL_SAFE_NO_PAD.encode(part.to_string())).join(".");
        let signature: Signature = self.key.sign(message.as_bytes());
        format!("{message}.{}", URL_SAFE_NO_PAD.encode(signature.to_bytes()))
    }
}

/// A running service; its thread ends with the test's process.
pub struct TokenService {
    /// `https://localhost:PORT/auth`.
    pub realm: String,
    asked: Arc<Mutex<Vec<String>>>,
}

impl TokenService {
    /// Starts one with the certificate that it shows and the key for its tokens.
    pub fn start(certificate: &Path, key: &Path, tokens: TokenKey) -> Self {
        let chain = vec![CertificateDer::from_pem_file(certificate).unwrap()];
        let key = PrivateKeyDer::from_pem_file(key).unwrap();
        let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
        let builder = rustls::ServerConfig::builder_with_provider(provider).with_safe_default_protocol_versions();
        let config = Arc::new(builder.unwrap().with_no_client_auth().with_single_cert(chain, key).unwrap());
        let listener = TcpListener::bind(("127.0.0.1", 0)).unwrap();
        let realm = format!("https://localhost:{}/auth", listener.local_addr().unwrap().port());
        let asked = Arc::<Mutex<Vec<String>>>::default();
        let (noted, tokens) = (Arc::clone(&asked), Arc::new(tokens));
        thread::spawn(move || {
            for client in listener.incoming().map_while(Result::ok) {
                let (config, tokens, noted) = (Arc::clone(&config), Arc::clone(&tokens), Arc::clone(&noted));
                thread::spawn(move || {
                    let session = rustls::ServerConnection::new(config).unwrap();
                    serve(rustls::StreamOwned::new(session, client), &tokens, &noted)
                });
            }
        });
        Self { realm, asked }
    }

    /// `user scope` of each token that was given, with `-` for nobody.
    pub fn asked(&self) -> Vec<String> {
        self.asked.lock().unwrap().clone()
    }
}

fn serve(mut client: impl Read + Write, tokens: &TokenKey, noted: &Mutex<Vec<String>>) -> Option<()> {
    let (mut request, mut buffer) = (Vec::new(), [0; 4096]);
    while !request.windows(4).any(|end| end == b"\r\n\r\n") {
        let count = client.read(&mut buffer).ok().filter(|count| *count > 0)?;
        request.extend_from_slice(&buffer[..count]);
    }
    let head = String::from_utf8_lossy(&request);
    let url = reqwest::Url::parse(&format!("https://localhost{}", head.split(' ').nth(1)?)).ok()?;
    let login = head.lines().filter_map(|line| line.split_once(": ")).find_map(|(name, value)| {
        let basic = value.strip_prefix("Basic ").filter(|_| name.eq_ignore_ascii_case("authorization"))?;
        String::from_utf8(STANDARD.decode(basic).ok()?).ok()
    });
    let (status, body) = match login.as_deref() {
        None | Some(WRITER) => {
            let user = login.as_deref().and_then(|login| login.split(':').next()).unwrap_or_default();
            let pairs: Vec<_> = url.query_pairs().collect();
            let scopes = pairs.iter().filter(|(name, _)| name == "scope").flat_map(|(_, scopes)| scopes.split(' '));
            let scopes: Vec<&str> = scopes.collect();
            let service = pairs.iter().find(|(name, _)| name == "service").map_or("", |(_, service)| service);
            let access: Vec<Value> = scopes.iter().filter_map(|scope| allowed(scope, user)).collect();
            noted.lock().unwrap().push(format!("{} {}", if user.is_empty() { "-" } else { user }, scopes.join(" ")));
            ("200 OK", json!({"token": tokens.token(service, user, &access.into()), "expires_in": 300}))
        }
        Some(_) => ("401 Unauthorized", json!({"errors": [{"code": "UNAUTHORIZED"}]})),
    };
    let body = body.to_string();
    let head = format!("HTTP/1.1 {status}\r\nContent-Type: application/json\r\nContent-Length: {}\r\n", body.len());
    client.write_all(format!("{head}Connection: close\r\n\r\n{body}").as_bytes()).ok()?;
    client.flush().ok()
}

/// What a user may do of a scope, `repository:NAME:ACTIONS`.
fn allowed(scope: &str, user: &str) -> Option<Value> {
    let (name, actions) = scope.strip_prefix("repository:")?.rsplit_once(':')?;
    let may = |action: &&str| !user.is_empty() || *action == "pull";
    let actions: Vec<&str> = actions.split(',').filter(may).collect();
    Some(json!({"type": "repository", "name": name, "actions": actions}))
}
