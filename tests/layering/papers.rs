//! What the papers and the code say of each other is there: sections that are cited, files that are linked.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

/// All files below `dir` that end in one of `endings`.
fn files(dir: &Path, endings: &[&str], found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(dir).unwrap().map(Result::unwrap) {
        let path = entry.path();
        if path.is_dir() {
            files(&path, endings, found);
        } else if path.extension().is_some_and(|e| endings.iter().any(|ending| e == *ending)) {
            found.push(path);
        }
    }
}

/// Papers that users and contributors read.
fn papers() -> Vec<PathBuf> {
    let mut found = Vec::new();
    files(Path::new("docs"), &["md"], &mut found);
    files(Path::new(".github"), &["md"], &mut found);
    found.extend(["README.md", "CONTRIBUTING.md", "SECURITY.md", "CHANGELOG.md"].map(PathBuf::from));
    found
}

/// The numbers before the headings of a paper, such as `14.9`.
fn sections(paper: &str) -> BTreeSet<String> {
    let headings = paper.lines().filter_map(|line| line.strip_prefix("##"));
    let number = |heading: &str| {
        let word = heading.trim_start_matches('#').split_whitespace().next()?.trim_end_matches('.').to_owned();
        word.starts_with(|c: char| c.is_ascii_digit()).then_some(word)
    };
    headings.filter_map(number).collect()
}

/// `docs/NAME.md` and the sections that the same sentence names: "section 5", "sections 10, 12 and 14.5 to 14.8".
fn cited(source: &str) -> Vec<(String, Vec<String>)> {
    let text = source.lines().map(|l| l.trim().trim_start_matches(['/', '!'])).collect::<Vec<_>>().join(" ");
    let parts = text.split("docs/").skip(1);
    let one = |part: &str| {
        let (name, rest) = part.split_once(".md")?;
        let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '/');
        let numbers = rest.trim_start().strip_prefix("section").map(|rest| rest.trim_start_matches('s'));
        let words = numbers.unwrap_or_default().split([' ', ',']).filter(|w| !matches!(*w, "" | "and" | "to"));
        let number = |word: &str| word.trim_end_matches(['.', ')', ';', ':']).to_owned();
        let is_number = |word: &String| word.starts_with(|c: char| c.is_ascii_digit());
        name.chars().all(plain).then(|| (format!("docs/{name}.md"), words.map(number).take_while(is_number).collect()))
    };
    parts.filter_map(one).collect()
}

#[test]
fn every_section_that_the_code_cites_is_there() {
    let mut sources = Vec::new();
    for dir in ["src", "tests", "benches"] {
        files(Path::new(dir), &["rs"], &mut sources);
    }
    let (mut missing, mut seen) = (Vec::new(), 0);
    for source in sources.iter().filter(|path| !path.ends_with("papers.rs")) {
        for (paper, numbers) in cited(&fs::read_to_string(source).unwrap()) {
            let known = fs::read_to_string(&paper).map(|text| sections(&text));
            let lacks = |number: &String| known.as_ref().is_ok_and(|known| !known.contains(number));
            let unknown: Vec<&String> = numbers.iter().filter(|number| lacks(number)).collect();
            if known.is_err() || !unknown.is_empty() {
                missing.push(format!("{}: {paper} {unknown:?}", source.display()));
            }
            seen += 1;
        }
    }
    assert_eq!(missing, Vec::<String>::new());
    assert!(seen > 20, "citations are found: {seen}");
}

/// Targets of `[…](…)` that are files.
fn links(paper: &str) -> Vec<String> {
    let targets = paper.split("](").skip(1).filter_map(|rest| rest.split_once(')')).map(|(target, _)| target);
    let outside = |target: &str| target.contains("://") || target.starts_with('#');
    let file = |target: &str| target.split('#').next().unwrap_or_default().to_owned();
    targets.filter(|target| !outside(target)).map(file).collect()
}

#[test]
fn every_file_that_a_paper_links_is_there() {
    let mut missing = Vec::new();
    for paper in papers() {
        let text = fs::read_to_string(&paper).unwrap();
        let folder = paper.parent().unwrap();
        let lost = links(&text).into_iter().filter(|link| !folder.join(link).exists());
        missing.extend(lost.map(|link| format!("{}: {link}", paper.display())));
    }
    assert_eq!(missing, Vec::<String>::new());
}

/// Paths of the sources that a paper names in backquotes: below `src`, or with it.
fn named(paper: &str) -> Vec<String> {
    let quoted = paper.split('`').skip(1).step_by(2);
    let path = |word: &str| word.split("::").next().unwrap_or_default().trim_start_matches("src/").to_owned();
    let is_file = |word: &String| word.contains('/') && word.ends_with(".rs") && !word.contains([' ', '*', '<', '{']);
    quoted.map(path).filter(is_file).collect()
}

/// Tests compare more pictures than the papers show; a package holds those that are shown.
#[test]
fn a_package_holds_the_pictures_that_a_paper_links_and_no_others() {
    let manifest = fs::read_to_string("Cargo.toml").unwrap();
    let shown: Vec<String> = papers().iter().map(|paper| fs::read_to_string(paper).unwrap()).collect();
    let mut pictures = Vec::new();
    files(Path::new("screenshots"), &["svg"], &mut pictures);
    for name in pictures.iter().map(|path| path.to_str().unwrap()) {
        let is_left_out = manifest.contains(&format!("\"!/{name}\""));
        assert_ne!(shown.iter().any(|paper| paper.contains(name)), is_left_out, "{name}");
    }
}

#[test]
fn every_source_that_the_architecture_names_is_there() {
    let mut missing = Vec::new();
    for paper in papers().into_iter().filter(|path| path.starts_with("docs")) {
        let text = fs::read_to_string(&paper).unwrap();
        let lost = named(&text).into_iter().filter(|f| !Path::new("src").join(f).exists() && !Path::new(f).exists());
        missing.extend(lost.map(|file| format!("{}: {file}", paper.display())));
    }
    assert_eq!(missing, Vec::<String>::new());
}

#[test]
fn citations_of_one_and_several_sections_are_read() {
    let source = "//! Source: docs/notary-v1.md sections 10, 12 and 14.5 to 14.8.\n/// As docs/style.md says; docs/a.md section 3).";
    let read = cited(source);
    let numbers = |words: &[&str]| words.iter().map(|w| (*w).to_owned()).collect::<Vec<_>>();
    assert_eq!(
        read,
        [
            ("docs/notary-v1.md".to_owned(), numbers(&["10", "12", "14.5", "14.8"])),
            ("docs/style.md".to_owned(), numbers(&[])),
            ("docs/a.md".to_owned(), numbers(&["3"])),
        ]
    );
    assert_eq!(sections("## 14. Docker\n### 14.1 Names\n## Words\n").into_iter().collect::<Vec<_>>(), ["14", "14.1"]);
}
