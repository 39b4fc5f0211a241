//! Tells the tests whether PostgreSQL's server binaries are on this machine, `cfg(has_postgres)`,
//! and in which folder, `POSTGRES_BINARIES`. The program does not depend on it.

use std::path::{Path, PathBuf};

fn main() {
    println!("cargo::rustc-check-cfg=cfg(has_postgres)");
    println!("cargo::rerun-if-env-changed=PATH");
    println!("cargo::rerun-if-changed=build.rs");
    // A folder that does not exist would run this script at every build.
    let packaged = Path::new("/usr/lib/postgresql");
    let watched = if packaged.exists() {
        packaged
    } else {
        Path::new("/usr/lib")
    };
    if watched.exists() {
        println!("cargo::rerun-if-changed={}", watched.display());
    }
    let versions = std::fs::read_dir(packaged)
        .into_iter()
        .flatten()
        .flatten()
        .map(|version| version.path().join("bin"));
    let path = std::env::var("PATH").unwrap_or_default();
    let folders = versions.chain(path.split(':').map(PathBuf::from));
    let newest = folders
        .filter(|folder| folder.join("initdb").exists() && folder.join("postgres").exists())
        .max();
    if let Some(folder) = newest {
        println!("cargo::rustc-cfg=has_postgres");
        println!("cargo::rustc-env=POSTGRES_BINARIES={}", folder.display());
    }
}
