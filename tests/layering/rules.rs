//! What is wrong with the arrows between the rooms of a folder.

use std::collections::{BTreeMap, BTreeSet};

use crate::arrows::{Code, Module};

/// The folder's own file among its rooms.
pub(crate) const OWN: &str = "mod.rs";

/// An arrow between two rooms of a folder: folder, from, to.
pub(crate) type Arrow = (String, String, String);

/// What each room may use, as the docs of a folder's own file say: `//! | room | what it is | may use |`.
pub(crate) type Table = BTreeMap<String, BTreeSet<String>>;

pub(crate) fn table(source: &str) -> Table {
    let quoted = |text: &str| text.split('`').skip(1).step_by(2).map(str::to_owned).collect::<Vec<_>>();
    let rows = source.lines().filter_map(|l| l.strip_prefix("//! | ")).filter(|l| l.contains('`'));
    let row = |line: &str| {
        let cells: Vec<&str> = line.split('|').collect();
        Some((quoted(cells.first()?).into_iter().next()?, quoted(cells.get(2)?).into_iter().collect()))
    };
    rows.filter_map(row).collect()
}

/// Rooms that a table lacks or has too many, and circles in what it allows.
pub(crate) fn faults_of_table(table: &Table, rooms: &BTreeSet<String>) -> Vec<String> {
    let named: BTreeSet<String> = table.keys().chain(table.values().flatten()).cloned().collect();
    let missing = rooms.iter().filter(|r| !table.contains_key(*r)).map(|r| format!("`{r}` is not in the table"));
    let unknown = named.iter().filter(|r| !rooms.contains(*r)).map(|r| format!("`{r}` of the table is no module"));
    let allowed: BTreeSet<(&str, &str)> =
        table.iter().flat_map(|(from, to)| to.iter().map(move |to| (from.as_str(), to.as_str()))).collect();
    let circles = circles(&allowed).into_iter().map(|c| format!("the table allows a circle: {c:?}"));
    missing.chain(unknown).chain(circles).collect()
}

/// The arrows between rooms, each in the folder that both of its ends share.
pub(crate) fn arrows(code: &Code) -> BTreeSet<Arrow> {
    let between = |(from, to): (Module, Module)| {
        let shared = from.iter().zip(&to).take_while(|(a, b)| a == b).count();
        let room = |module: &Module| module.get(shared).map_or(OWN, String::as_str).to_owned();
        (from[..shared].join("/"), room(&from), room(&to))
    };
    code.arrows().into_iter().map(between).collect()
}

/// Arrows that the tables do not allow. A folder's own file may use all its rooms, and none may use it.
pub(crate) fn upward(arrows: &BTreeSet<Arrow>, tables: &BTreeMap<String, Table>) -> BTreeSet<Arrow> {
    let is_wrong = |(folder, from, to): &&Arrow| {
        let Some(table) = tables.get(folder) else { return false };
        from != OWN && !table.get(from).is_some_and(|may| may.contains(to))
    };
    arrows.iter().filter(is_wrong).cloned().collect()
}

/// The circles in a folder that are wrong: of folders, or of more than two files.
///
/// A folder's own file may use the files beside it, and each of them something of it.
pub(crate) fn wrong_circles(code: &Code, arrows: &BTreeSet<Arrow>, folder: &str) -> Vec<BTreeSet<String>> {
    let folders: BTreeSet<String> = code.folders().iter().map(|f| f.join("/")).collect();
    let is_folder = |room: &str| folders.contains(format!("{folder}/{room}").trim_start_matches('/'));
    let inside: BTreeSet<(&str, &str)> =
        arrows.iter().filter(|(f, ..)| f == folder).map(|(_, from, to)| (from.as_str(), to.as_str())).collect();
    let is_star = |circle: &BTreeSet<&str>| {
        let is_other = |room: &str| room != OWN && circle.contains(room);
        circle.contains(OWN) && !inside.iter().any(|(from, to)| is_other(from) && is_other(to))
    };
    let is_wrong =
        |circle: &BTreeSet<&str>| circle.iter().any(|room| is_folder(room)) || circle.len() > 2 && !is_star(circle);
    let wrong = circles(&inside).into_iter().filter(is_wrong);
    wrong.map(|circle| circle.into_iter().map(str::to_owned).collect()).collect()
}

/// The largest groups of more than one in which each reaches each other.
pub(crate) fn circles<'a>(arrows: &BTreeSet<(&'a str, &'a str)>) -> BTreeSet<BTreeSet<&'a str>> {
    let reach = |start: &'a str| {
        let (mut seen, mut next) = (BTreeSet::new(), vec![start]);
        while let Some(at) = next.pop() {
            next.extend(arrows.iter().filter(|(from, to)| *from == at && seen.insert(*to)).map(|(_, to)| *to));
        }
        seen
    };
    let reached: BTreeMap<&str, BTreeSet<&str>> = arrows.iter().map(|(from, _)| (*from, reach(from))).collect();
    let returns = |a: &str, b: &str| reached.get(a).is_some_and(|seen| seen.contains(b));
    let circle = |a: &&'a str| reached[a].iter().copied().filter(|b| returns(b, a)).collect::<BTreeSet<_>>();
    reached.keys().map(circle).filter(|circle| circle.len() > 1).collect()
}
