//! Permissions of the service's files: only their owner has access. Mails contain sign-in links,
//! and the database contains everything.

use std::ffi::OsStr;
use std::fs::{self, Permissions};
use std::io;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

use rustix::fs::Mode;

use crate::config::Config;
use crate::store;

/// Mode bits of group and others.
const NON_OWNER_BITS: u32 = 0o077;

/// Sets the umask so that all files that this process creates are accessible only to their owner.
/// This includes backups, exports and SQLite's auxiliary files.
pub fn restrict_new_files() {
    rustix::process::umask(Mode::RWXG | Mode::RWXO);
}

/// Restricts existing files and folders of the service to their owner, and logs each change.
/// Failures are logged as warnings.
pub(super) fn restrict_existing_files(config: &Config) {
    let mut closed = Vec::new();
    for path in private_paths(config) {
        match restrict(&path) {
            Ok(true) => closed.push(path.display().to_string()),
            Ok(false) => {}
            Err(cause) => {
                tracing::warn!(
                    path = %path.display(), %cause,
                    "others on this machine may read this"
                );
            }
        }
    }
    if !closed.is_empty() {
        tracing::warn!(
            paths = closed.join(", "),
            "others on this machine could read these: now only their owner can"
        );
    }
}

/// Paths that must be private. Files inside a private folder need no mode of their own.
fn private_paths(config: &Config) -> Vec<PathBuf> {
    let mut kept = vec![
        config.keys.clone(),
        config.mails.clone(),
        config.erasures.clone(),
    ];
    if !config.files.starts_with("s3://") {
        kept.push(PathBuf::from(&config.files));
    }
    if let Some(database) = store::sqlite_file(&config.database_url) {
        let beside = |end: &str| {
            PathBuf::from(
                [database.as_os_str(), OsStr::new(end)]
                    .into_iter()
                    .collect::<std::ffi::OsString>(),
            )
        };
        kept.extend(["", "-wal", "-shm", ".lock"].map(beside));
        let folder = database
            .parent()
            .filter(|folder| contains_only(folder, &kept));
        kept.extend(folder.map(Path::to_owned));
    }
    kept
}

/// Whether a folder contains nothing but these paths. Otherwise it is shared with others and its
/// mode is not changed.
fn contains_only(folder: &Path, kept: &[PathBuf]) -> bool {
    let real: Vec<_> = kept
        .iter()
        .filter_map(|path| path.canonicalize().ok())
        .collect();
    let known = |entry: io::Result<fs::DirEntry>| {
        entry
            .and_then(|entry| entry.path().canonicalize())
            .is_ok_and(|path| real.contains(&path))
    };
    fs::read_dir(folder).is_ok_and(|mut entries| entries.all(known))
}

/// Removes the access of group and others. Returns whether there was any.
fn restrict(path: &Path) -> io::Result<bool> {
    let mode = match fs::metadata(path) {
        Err(cause) if cause.kind() == io::ErrorKind::NotFound => return Ok(false),
        found => found?.permissions().mode(),
    };
    if mode & NON_OWNER_BITS == 0 {
        return Ok(false);
    }
    fs::set_permissions(
        path,
        Permissions::from_mode(mode & 0o7777 & !NON_OWNER_BITS),
    )?;
    Ok(true)
}

#[cfg(test)]
mod tests {
    use clap::Parser as _;

    use super::*;
    use crate::config::Cli;

    fn mode(path: &Path) -> u32 {
        fs::metadata(path)
            .expect("it is there")
            .permissions()
            .mode()
            & 0o777
    }

    #[test]
    fn a_folder_is_closed_only_where_nothing_else_lies_in_it() {
        for (strange, folder_after) in [(false, 0o700), (true, 0o755)] {
            let place = tempfile::TempDir::new().expect("a folder");
            let data = place.path().join("data");
            fs::create_dir_all(data.join("keys")).expect("made");
            fs::write(data.join("log.db"), "").expect("written");
            if strange {
                fs::write(data.join("somebody's"), "").expect("written");
            }
            for path in [&data, &data.join("keys")] {
                fs::set_permissions(path, Permissions::from_mode(0o755)).expect("set");
            }
            fs::set_permissions(data.join("log.db"), Permissions::from_mode(0o644)).expect("set");
            let at = |name: &str| data.join(name).display().to_string();
            let url = format!("sqlite://{}", at("log.db"));
            let named = [
                ("--database-url", url),
                ("--keys", at("keys")),
                ("--mails", at("mails")),
                ("--files", at("files")),
            ];
            let named = named
                .into_iter()
                .chain([("--erasures", at("erasures.jsonl"))]);
            let arguments = named.flat_map(|(name, value)| [name.to_owned(), value]);
            let config =
                Cli::parse_from(std::iter::once("microgrants".to_owned()).chain(arguments)).config;
            restrict_existing_files(&config);
            assert_eq!(
                (
                    mode(&data),
                    mode(&data.join("keys")),
                    mode(&data.join("log.db"))
                ),
                (folder_after, 0o700, 0o600)
            );
        }
    }
}
