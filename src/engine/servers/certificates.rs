//! Certificate authorities and client certificates for a server, as Docker finds them.
//!
//! Source: docs/notary-v1.md section 14.2.

use std::ffi::OsStr;
use std::path::{Path, PathBuf};

use rustls::pki_types::CertificateDer;
use zeroize::Zeroizing;

use crate::engine::disk::read;
use crate::engine::settings::Settings;
use crate::keys::files::is_nowhere;
use crate::printable::system_words;
use crate::remote::authorities::Authorities;
use crate::remote::identity::{Identity, IdentityFault};
use crate::remote::{Endpoint, Remark, Remarks, RemoteError, TlsMaterial};

/// Reads what a server is checked with, and what it is shown. What cannot be used is told and left out where others can;
/// a file that was named must hold something.
///
/// # Errors
/// `Setting`, naming the file and what is wrong with it.
pub(in crate::engine) fn material(
    settings: &Settings,
    endpoint: &Endpoint,
    remarks: &Remarks,
) -> Result<TlsMaterial, RemoteError> {
    let directory = directory(settings, endpoint);
    let mut material = TlsMaterial { place: Some(directory.join("ca.crt")), ..TlsMaterial::default() };
    let found = list(&directory)?;
    let notary = is_notarys(settings, endpoint);
    for file in settings.tls.ca_files.iter().chain(settings.tls.notary_ca.iter().filter(|_| notary)) {
        material.authorities.extend(authorities(file, remarks)?);
    }
    for (certificate, key) in settings.tls.notary_client.iter().filter(|_| notary) {
        material.identities.push(identity(certificate, key)?);
    }
    add(&mut material, &found, remarks)?;
    Ok(material)
}

/// The same for a registry, whose certificates Docker's daemon has in directories of its own. `host` is its name in
/// images' names.
///
/// # Errors
/// As [`material`].
pub(in crate::engine) fn registry_material(
    settings: &Settings,
    endpoint: &Endpoint,
    host: &str,
    remarks: &Remarks,
) -> Result<TlsMaterial, RemoteError> {
    let mut material = material(settings, endpoint, remarks)?;
    for directory in &settings.servers.registries.certificates {
        add(&mut material, &list(&directory.join(host))?, remarks)?;
    }
    Ok(material)
}

/// Adds what lies in a directory.
fn add(material: &mut TlsMaterial, found: &CertificateFiles, remarks: &Remarks) -> Result<(), RemoteError> {
    let (mut usable, mut refused) = (Vec::new(), Vec::new());
    for file in &found.authorities {
        match Authorities::read(&read(file)?) {
            Ok(read) => usable.extend(told(file, read, remarks)),
            Err(what) => refused.push((file, what)),
        }
    }
    for (file, what) in refused {
        if usable.is_empty() {
            return Err(named(file, &what));
        }
        leave_out(file, what, remarks);
    }
    material.authorities.extend(usable);
    for (certificate, key) in &found.clients {
        material.identities.push(identity(certificate, key)?);
    }
    Ok(())
}

fn authorities(file: &Path, remarks: &Remarks) -> Result<Vec<CertificateDer<'static>>, RemoteError> {
    let read = Authorities::read(&read(file)?).map_err(|what| named(file, &what))?;
    Ok(told(file, read, remarks))
}

/// What can be used of a file, with a word on the rest.
fn told(file: &Path, read: Authorities, remarks: &Remarks) -> Vec<CertificateDer<'static>> {
    read.faults.into_iter().for_each(|what| leave_out(file, what, remarks));
    read.usable
}

fn leave_out(file: &Path, what: String, remarks: &Remarks) {
    remarks.say_once(Remark::LeftOut { file: file.display().to_string(), what });
}

fn identity(certificate: &Path, key: &Path) -> Result<Identity, RemoteError> {
    let read = Identity::read(&read(certificate)?, &Zeroizing::new(read(key)?));
    read.map_err(|fault| match fault {
        IdentityFault::Certificate(what) => named(certificate, &what),
        IdentityFault::Key(what) => named(key, &what),
        IdentityFault::Strangers => {
            let way = "put a certificate and the key that it was requested with there";
            named(certificate, &format!("is not the certificate of the key in {}; {way}", key.display()))
        }
    })
}

/// Says where authorities come from, for the status.
pub(in crate::engine) fn sources(settings: &Settings, endpoint: Option<&Endpoint>) -> Vec<String> {
    let mut sources = vec!["the system".to_owned()];
    sources.extend(settings.tls.ca_files.iter().map(|file| file.display().to_string()));
    let Some(endpoint) = endpoint else { return sources };
    if is_notarys(settings, endpoint) {
        sources.extend(settings.tls.notary_ca.iter().map(|file| file.display().to_string()));
    }
    match list(&directory(settings, endpoint)) {
        Ok(found) => sources.extend(found.authorities.iter().map(|file| file.display().to_string())),
        Err(error) => sources.push(error.to_string()),
    }
    sources
}

fn directory(settings: &Settings, endpoint: &Endpoint) -> PathBuf {
    settings.docker_config.join("tls").join(endpoint.host())
}

/// Whether Notary's configuration speaks of this server: its authority and client certificate are for no other.
fn is_notarys(settings: &Settings, endpoint: &Endpoint) -> bool {
    let url = settings.servers.notary.as_ref().map(|(url, _)| url);
    url.and_then(|url| Endpoint::parse(url, settings.insecure_http).ok()).is_some_and(|other| other == *endpoint)
}

#[derive(Default)]
struct CertificateFiles {
    authorities: Vec<PathBuf>,
    clients: Vec<(PathBuf, PathBuf)>,
}

/// Looks through Docker's directory for a server: `*.crt`, and `X.cert` with `X.key`.
fn list(directory: &Path) -> Result<CertificateFiles, RemoteError> {
    let entries = match std::fs::read_dir(directory) {
        Ok(entries) => entries,
        Err(error) if is_nowhere(directory, &error) => return Ok(CertificateFiles::default()),
        Err(error) => return Err(named(directory, &system_words(&error))),
    };
    let mut files: Vec<PathBuf> = entries.filter_map(|entry| Some(entry.ok()?.path())).collect();
    files.sort();
    let mut found = CertificateFiles::default();
    for file in &files {
        let extension = file.extension().and_then(OsStr::to_str);
        match extension {
            Some("crt") => found.authorities.push(file.clone()),
            Some("cert") => {
                let key = file.with_extension("key");
                if !files.contains(&key) {
                    let what = format!("its key {} is missing; authorities end in .crt", name_of(&key));
                    return Err(named(file, &what));
                }
                found.clients.push((file.clone(), key));
            }
            Some("key") => {
                let certificate = file.with_extension("cert");
                if !files.contains(&certificate) {
                    return Err(named(file, &format!("its certificate {} is missing", name_of(&certificate))));
                }
            }
            _ => {}
        }
    }
    Ok(found)
}

fn name_of(path: &Path) -> String {
    path.file_name().unwrap_or_default().to_string_lossy().into_owned()
}

fn read(file: &Path) -> Result<Vec<u8>, RemoteError> {
    match read::read_kept(file, read::CONFIGURATION) {
        Ok(Some(bytes)) => Ok(bytes),
        Ok(None) => Err(named(file, "there is no such file")),
        Err(error) => Err(named(file, &system_words(&error))),
    }
}

fn named(file: &Path, what: &str) -> RemoteError {
    RemoteError::Setting(format!("{}: {what}", file.display()))
}
