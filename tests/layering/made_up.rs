//! The checks themselves, tried on small made-up packages.

use std::collections::BTreeMap;

use crate::arrows::Code;
use crate::faults;

type Files<'a> = &'a [(&'a str, &'a str)];

/// The files that a file uses, as paths of modules.
fn used(files: Files<'_>, from: &str) -> Vec<String> {
    let arrows = Code::new(files.iter().copied()).arrows();
    arrows.into_iter().filter(|(f, _)| f.join("::") == from).map(|(_, to)| to.join("::")).collect()
}

/// The files that `text` uses in `a/b.rs`, among a few others.
fn used_by(text: &str) -> Vec<String> {
    let others = [("a/mod.rs", "pub struct Own;"), ("a/c.rs", ""), ("d.rs", ""), ("e/mod.rs", ""), ("e/f.rs", "")];
    let files: Vec<_> = others.into_iter().chain([("a/b.rs", text), ("a/b/g.rs", "")]).collect();
    used(&files, "a::b")
}

fn faults_of(files: Files<'_>) -> Vec<String> {
    let sources: BTreeMap<String, String> = files.iter().map(|(p, t)| ((*p).to_owned(), (*t).to_owned())).collect();
    faults(&sources, &[])
}

fn is_clean(files: Files<'_>) -> bool {
    faults_of(files).is_empty()
}

#[test]
fn groups_nested_paths_and_other_names_are_followed() {
    assert_eq!(used_by("use crate::{a::{c::{self, X}, Own}, d as other, e::f::Y as Z};"), ["a", "a::c", "e::f"]);
    assert_eq!(used_by("use crate::d as other; fn f() { other::g() }"), ["d"]);
    assert_eq!(used_by("use super::c; pub(crate) fn f(x: c::X) {}"), ["a::c"]);
    assert_eq!(used_by("use crate::e::*;"), ["e"]);
}

#[test]
fn paths_from_above_from_here_and_in_the_code_are_followed() {
    assert_eq!(used_by("use super::{c::X, Own}; use super::super::d::Y;"), ["a", "a::c", "d"]);
    assert_eq!(used_by("use self::g::X;"), ["a::b::g"]);
    assert_eq!(used_by("fn f() -> crate::e::f::X { g::new(&self::g::Y) }"), ["a::b::g", "e::f"]);
    assert_eq!(used_by("mod m { use super::g::X; use super::super::c::Y; } use super::Own;"), ["a", "a::b::g", "a::c"]);
    assert_eq!(used_by("use std::fmt; fn f() { d::x(); fmt::y(); self.e(); }"), [""; 0]);
}

#[test]
fn comments_strings_visibility_and_tests_name_nothing() {
    let quiet = r##"
        // use crate::d::X;
        /* use /* nested */ crate::d::X; */
        pub(in crate::d) fn f<'a>(x: &'a str) -> char { '"' }
        const A: &str = "crate::d::X \" crate::d::Y";
        const B: &str = r#"" crate::d::Z "#;
        #[cfg(test)]
        use crate::d::{X, Y};
        #[cfg(test)]
        #[allow(clippy::panic)]
        mod tests { use crate::d::X; fn f() { {} } }
        fn g() { crate::e::f() }
    "##;
    assert_eq!(used_by(quiet), ["e::f"]);
    let files = [("a/mod.rs", "#[cfg(test)]\nmod tests;"), ("a/tests.rs", "use crate::d::X;"), ("d.rs", "")];
    assert_eq!(used(&files, "a::tests"), [""; 0]);
}

#[test]
fn a_name_that_a_room_gives_on_leads_to_the_file_within_the_room_and_no_further() {
    let files = [
        ("a/mod.rs", "mod b; pub use b::X; pub use crate::d::Y;"),
        ("a/b.rs", ""),
        ("d.rs", ""),
        ("e.rs", "use crate::a::{X, Y};"),
    ];
    assert_eq!(used(&files, "e"), ["a", "a::b"]);
    assert_eq!(used(&files, "a"), ["d"]);
}

#[test]
fn an_upward_arrow_between_the_rooms_of_a_table_is_found() {
    let top = "//! | `a` | top | `b` |\n//! | `b` | base | nothing |\n";
    let wrong = [("lib.rs", top), ("a.rs", "use crate::b::X;"), ("b.rs", "fn f() { super::a::g() }")];
    assert_eq!(faults_of(&wrong)[0], ": b may not use a");
    let room = [("r/mod.rs", top), ("r/a.rs", "use super::b::X;"), ("r/b.rs", "use super::Own;")];
    assert_eq!(faults_of(&room), ["r: b may not use mod.rs"]);
}

#[test]
fn a_table_names_each_room_once_and_allows_no_circle() {
    let top = "//! | `a` | top | `b` |\n//! | `b` | base | `a`, `x` |\n";
    let faults = faults_of(&[("lib.rs", top), ("a.rs", ""), ("b.rs", ""), ("c.rs", "")]);
    let expected =
        [": `c` is not in the table", ": `x` of the table is no module", r#": the table allows a circle: {"a", "b"}"#];
    assert_eq!(faults, expected);
}

#[test]
fn a_circle_between_folders_is_found_and_two_files_of_one_folder_may_know_each_other() {
    let files = [("r/mod.rs", ""), ("r/a.rs", "use super::b::X;"), ("r/b.rs", "use crate::r::a::Y;")];
    assert!(is_clean(&files));
    let nested = [("r/mod.rs", "use a::X;"), ("r/a/mod.rs", ""), ("r/a/c.rs", "use crate::r::Y;")];
    assert_eq!(faults_of(&nested), [r#"r: a circle of {"a", "mod.rs"}: a -> mod.rs, mod.rs -> a"#]);
    let folders = [("a/mod.rs", ""), ("a/x.rs", "use crate::b::X;"), ("b.rs", "use crate::a::x::Y;"), ("b/y.rs", "")];
    assert_eq!(faults_of(&folders), [r#": a circle of {"a", "b"}: a -> b, b -> a"#]);
}

#[test]
fn a_circle_of_three_files_is_found() {
    let circle = [
        ("r/mod.rs", ""),
        ("r/a.rs", "use super::b::X;"),
        ("r/b.rs", "use super::c::X;"),
        ("r/c.rs", "use super::a::X;"),
    ];
    assert_eq!(faults_of(&circle), [r#"r: a circle of {"a", "b", "c"}: a -> b, b -> c, c -> a"#]);
}

#[test]
fn a_parent_and_its_children_may_know_each_other_but_not_by_way_of_a_third() {
    let star = [("r/mod.rs", "fn f() { a::g(); b::g() }"), ("r/a.rs", "use super::X;"), ("r/b.rs", "use super::X;")];
    assert!(is_clean(&star));
    let third = [star[0], star[1], ("r/b.rs", "use super::{X, a::Y};")];
    assert_eq!(faults_of(&third).len(), 1);
    let reexports = [("r/mod.rs", "pub use a::X; pub use b::Y;"), star[1], ("r/b.rs", "use super::X;")];
    assert!(is_clean(&reexports));
}
