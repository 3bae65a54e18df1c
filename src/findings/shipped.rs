//! The findings and hypotheses that are built into the program, with the scenarios that they use.

use crate::config::disk;
use std::io::Result;
use std::path::{Component, Path, PathBuf};

/// Where configuration files come from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Library {
    /// The files that are built into the program, named from `configs/`; what is not among them comes from the disk.
    Shipped,
    /// The disk.
    Disk,
}

macro_rules! files {
    ($($path:literal),+ $(,)?) => {
        &[$(($path, include_str!(concat!("../../configs/", $path)))),+]
    };
}

/// Every built-in file, from the folder `configs/`.
const FILES: &[(&str, &str)] = files![
    "circuits/mpfc.toml",
    "pharmacology/default.toml",
    "pharmacology/delayed_spines.toml",
    "pharmacology/gq_brake.toml",
    "pharmacology/hcn1.toml",
    "pharmacology/slow_disinhibition.toml",
    "scenarios/doses.toml",
    "scenarios/enantiomers.toml",
    "scenarios/human.toml",
    "scenarios/ketamine.toml",
    "scenarios/lasting.toml",
    "scenarios/low_doses.toml",
    "scenarios/mor_agonist.toml",
    "scenarios/nmda_removal.toml",
    "scenarios/pv_phenotype.toml",
    "scenarios/silencing.toml",
    "scenarios/vip_drive.toml",
    "findings/01_stress.toml",
    "findings/02_ketamine.toml",
    "findings/03_receptor_removed.toml",
    "findings/04_naltrexone.toml",
    "findings/05_dissociation.toml",
    "findings/06_before_structure.toml",
    "findings/07_threshold.toml",
    "findings/08_durability.toml",
    "findings/09_three_low_doses.toml",
    "findings/10_dose_shape.toml",
    "findings/11_nmda_removed.toml",
    "findings/12_direct_silencing.toml",
    "findings/13_mor_agonist.toml",
    "findings/14_no_stress.toml",
    "findings/15_order.toml",
    "findings/16_vip_drive.toml",
    "findings/17_enantiomers.toml",
    "findings/18_antibody.toml",
    "findings/19_sexes.toml",
    "findings/20_human_dose.toml",
    "hypotheses/10_sensitive_release.toml",
    "hypotheses/11_additions_together.toml",
    "hypotheses/1_mor_blocker.toml",
    "hypotheses/2_nmda_block_alone.toml",
    "hypotheses/3_pv_phenotype.toml",
    "hypotheses/4_sst_loss.toml",
    "hypotheses/5_mor_on_vip.toml",
    "hypotheses/6_slow_disinhibition.toml",
    "hypotheses/7_gq_brake.toml",
    "hypotheses/8_hcn1_block.toml",
    "hypotheses/9_delayed_spines.toml",
];

impl Library {
    /// The bytes of a file.
    ///
    /// # Errors
    /// Those of the disk; of the built-in files, that there is none of that name.
    pub fn read(self, path: &Path) -> Result<Vec<u8>> {
        match self {
            Self::Disk => disk::read(path),
            Self::Shipped => {
                let plain = plain(path);
                let found = FILES.iter().find(|(known, _)| Path::new(known) == plain);
                found.map_or_else(|| disk::read(path), |(_, text)| Ok(text.as_bytes().to_vec()))
            }
        }
    }

    /// The files in a folder that end in `.toml`, in the order of their names.
    ///
    /// # Errors
    /// Those of the disk.
    pub fn list(self, folder: &Path) -> Result<Vec<PathBuf>> {
        let built_in: Vec<PathBuf> = FILES.iter().map(|(path, _)| PathBuf::from(path)).collect();
        let inside = |file: &PathBuf| file.parent() == Some(folder);
        let mut files = if self == Self::Shipped && built_in.iter().any(inside) {
            built_in.into_iter().filter(inside).collect::<Vec<PathBuf>>()
        } else {
            let entries = std::fs::read_dir(folder)?.map(|entry| entry.map(|entry| entry.path()));
            entries.collect::<Result<Vec<PathBuf>>>()?
        };
        files.retain(|file| file.extension().is_some_and(|end| end == "toml"));
        files.sort();
        Ok(files)
    }
}

/// A path without `..`.
fn plain(path: &Path) -> PathBuf {
    let mut plain = PathBuf::new();
    for part in path.components() {
        match part {
            Component::ParentDir => {
                plain.pop();
            }
            Component::CurDir => {}
            other => plain.push(other),
        }
    }
    plain
}
