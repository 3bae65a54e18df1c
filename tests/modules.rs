//! Data flows one way: a module uses only what stands before it.
#![allow(clippy::unwrap_used)]

/// Every module with the folder that it stands in, in the order in which they may use each other. A crate cannot use one that
/// comes after it; inside a crate this test keeps the order.
const ORDER: [(&str, &str); 22] = [
    ("numeric", "crates/numeric/src"),
    ("units", "crates/model/src/units.rs"),
    ("scenario", "crates/model/src/scenario"),
    ("builder", "crates/model/src/builder"),
    ("config", "crates/model/src/config"),
    ("circuit", "crates/engine/src/circuit"),
    ("signals", "crates/engine/src/signals"),
    ("pharmacology", "crates/engine/src/pharmacology"),
    ("modulation", "crates/engine/src/modulation"),
    ("experiment", "crates/engine/src/experiment"),
    ("equilibrium", "crates/engine/src/equilibrium"),
    ("simulate", "crates/engine/src/simulate"),
    ("readouts", "crates/engine/src/readouts"),
    ("analyze", "crates/analyze/src/analyze"),
    ("sweep", "crates/analyze/src/sweep"),
    ("store", "crates/store/src"),
    ("plot", "crates/plot/src"),
    ("findings", "src/findings"),
    ("report", "src/report"),
    ("cli", "src/cli"),
    ("prelude", "src/prelude.rs"),
    ("main", "src/main.rs"),
];

fn files(path: &std::path::Path, found: &mut Vec<std::path::PathBuf>) {
    if path.is_dir() {
        for entry in std::fs::read_dir(path).unwrap() {
            files(&entry.unwrap().path(), found);
        }
    } else if path.extension().is_some_and(|extension| extension == "rs") {
        found.push(path.to_owned());
    }
}

/// Every source file with its module and text.
fn sources() -> Vec<(&'static str, std::path::PathBuf, String)> {
    let mut sources = Vec::new();
    for (module, place) in ORDER {
        let mut found = Vec::new();
        files(std::path::Path::new(place), &mut found);
        assert!(!found.is_empty(), "`{module}` is not in {place}");
        sources.extend(found.into_iter().map(|path| {
            let text = std::fs::read_to_string(&path).unwrap();
            (module, path, text)
        }));
    }
    sources
}

#[test]
fn every_source_file_belongs_to_a_module() {
    let mut all = Vec::new();
    ["src", "crates"].iter().for_each(|folder| files(std::path::Path::new(folder), &mut all));
    let known: Vec<std::path::PathBuf> = sources().into_iter().map(|(_, path, _)| path).collect();
    for path in all {
        let stands_beside = ["lib.rs", "build.rs"].iter().any(|name| path.ends_with(name))
            || path.components().any(|part| part.as_os_str() == "tests");
        assert!(stands_beside || known.contains(&path), "{} has no place in the order", path.display());
    }
}

#[test]
fn every_module_uses_only_those_before_it() {
    let rank = |module: &str| ORDER.iter().position(|(known, _)| *known == module);
    let mut uses = 0;
    for (module, path, text) in sources() {
        let own = rank(module).unwrap();
        for part in text.split("crate::").skip(1) {
            let used: String = part.chars().take_while(|letter| letter.is_alphanumeric() || *letter == '_').collect();
            let Some(place) = rank(&used) else { continue };
            uses += 1;
            assert!(place <= own, "{} uses `{used}`, which comes after `{module}`", path.display());
        }
    }
    assert!(uses > 100, "only {uses} uses were found: the test no longer reads them");
}

#[test]
fn no_source_knows_the_name_of_a_population_a_receptor_or_a_drug() {
    for (_, path, text) in sources() {
        // Tests inside a file may name what they like.
        let code = text.split("#[cfg(test)]").next().unwrap();
        for name in ["\"Pyr\"", "\"SST\"", "\"PV\"", "\"VIP\"", "\"MOR\"", "\"NMDA\"", "\"ketamine\"", "\"naltrexone\""]
        {
            assert!(!code.contains(name), "{} knows {name}", path.display());
        }
    }
}
