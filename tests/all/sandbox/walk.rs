//! The walk of Docker's documentation ("play in a content trust sandbox"), with trustdeck in the place of the old client:
//! push, be refused, sign, pull, tamper, be refused.

use std::path::Path;

use crate::sandbox::process::Process;
use crate::support::peers;

/// The file under `dir` whose name is this.
fn find(dir: &Path, name: &str) -> Option<std::path::PathBuf> {
    let entries: Vec<_> = std::fs::read_dir(dir).ok()?.flatten().map(|entry| entry.path()).collect();
    let here = entries.iter().find(|path| path.is_file() && path.file_name().is_some_and(|found| found == name));
    here.cloned().or_else(|| entries.iter().filter(|path| path.is_dir()).find_map(|path| find(path, name)))
}

#[test]
fn the_documentations_sandbox_is_walked_from_the_first_push_to_the_tampered_layer() {
    if peers(&["docker", "skopeo"]).is_none() {
        return;
    }
    let temporary = tempfile::tempdir().unwrap();
    let (dir, layout) = (temporary.path().join("lab"), temporary.path().join("layout"));
    let process = Process::start(&["--dir", dir.to_str().unwrap()], &[]);
    let address = process.lines.split_once("by address: ").unwrap().1.split_once('/').unwrap().0.to_owned();
    let trusted = "registry.sandbox/test/trusttest";
    let copy = |from: &str, to: &str| process.shell(&format!("skopeo --insecure-policy copy {from} {to}"));
    let oci = format!("oci:{}:latest", layout.display());

    // An image is pulled, and pushed without any signature. Everybody who demands one is refused it.
    copy("docker://registry.sandbox/team/web:3.1.6", &oci).ok();
    copy(&oci, &format!("docker://{address}/test/trusttest:latest")).ok();
    let refused = process.shell(&format!("trustdeck resolve {trusted}:latest")).ended(1);
    assert!(refused.stderr.contains("has no trust data"), "{refused:?}");

    // It is signed: keys are made, and docker trust sees the same.
    process.shell(&format!("trustdeck setup {trusted} --signer jeff --publish --yes")).ok();
    let held = process.shell(&format!("trustdeck tags {trusted} --json")).ok().json();
    assert_eq!((&held[0]["tag"], &held[0]["state"]), (&"latest".into(), &"unsigned".into()));
    process.shell(&format!("trustdeck sign {trusted}:latest --publish --yes")).ok();
    let shown = process.shell(&format!("docker trust inspect {trusted}")).ok().json();
    let digest = shown[0]["SignedTags"][0]["Digest"].as_str().unwrap().to_owned();
    let resolved = process.shell(&format!("trustdeck resolve {trusted}:latest")).ok().stdout;
    assert_eq!(resolved.trim(), format!("{trusted}@sha256:{digest}"));
    copy(&format!("docker://{}", resolved.trim()), &format!("oci:{}:pulled", layout.display())).ok();
    process.shell(&format!("trustdeck verify {trusted}:latest --deep")).ok();

    // Somebody changes the layer where it lies. A client by digest is refused; trustdeck says which part it is.
    let raw = format!("skopeo --insecure-policy inspect --raw docker://{}", resolved.trim());
    let manifest = process.shell(&raw).ok().json();
    let layer = manifest["layers"][0]["digest"].as_str().unwrap().trim_start_matches("sha256:").to_owned();
    let file = find(&dir, &layer).expect("the layer lies in the sandbox's directory");
    let mut bytes = std::fs::read(&file).unwrap();
    bytes.truncate(10);
    bytes.extend(b"what nobody signed");
    std::fs::write(&file, bytes).unwrap();
    let broken =
        copy(&format!("docker://{}", resolved.trim()), &format!("oci:{}:broken", temporary.path().join("b").display()));
    assert_ne!(broken.code, 0, "{broken:?}");
    let wrong = process.shell(&format!("trustdeck verify {trusted}:latest --deep")).ended(6);
    assert!(wrong.stdout.contains("WRONG   layer 1 of 1") && wrong.stdout.contains(&layer), "{wrong:?}");
    assert!(wrong.stderr.contains("do not trust the registry"), "{wrong:?}");
}
