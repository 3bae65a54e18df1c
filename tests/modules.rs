//! Data flows one way: a module uses only what stands before it.
#![allow(clippy::unwrap_used)]

const ORDER: [&str; 20] = [
    "units",
    "numeric",
    "spec",
    "config",
    "circuit",
    "signals",
    "pharmacology",
    "modulation",
    "experiment",
    "equilibrium",
    "simulate",
    "readouts",
    "analyze",
    "sweep",
    "store",
    "findings",
    "plot",
    "report",
    "cli",
    "lib",
];

fn files(folder: &std::path::Path, found: &mut Vec<std::path::PathBuf>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            files(&path, found);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            found.push(path);
        }
    }
}

fn sources() -> Vec<(String, std::path::PathBuf, String)> {
    let mut found = Vec::new();
    files(std::path::Path::new("src"), &mut found);
    let named = |path: std::path::PathBuf| {
        let inside = path.strip_prefix("src").unwrap().to_owned();
        let first = inside.components().next().unwrap().as_os_str().to_string_lossy().replace(".rs", "");
        let text = std::fs::read_to_string(&path).unwrap();
        (first, path, text)
    };
    found.into_iter().map(named).filter(|(module, _, _)| module != "main" && module != "lib").collect()
}

#[test]
fn every_module_uses_only_those_before_it() {
    let rank = |module: &str| ORDER.iter().position(|known| *known == module);
    let mut uses = 0;
    for (module, path, text) in sources() {
        let own = rank(&module).unwrap_or_else(|| panic!("`{module}` has no place in the order"));
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
