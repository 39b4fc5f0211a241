//! Permissions of files on disk: only their owner can read them, even where an earlier version left
//! them open.

use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::time::Duration;

use crate::support::browser::Browser;
use crate::support::service::{Deployment, ServiceProcess};
use crate::support::test_app::TestApp;

/// The folder and everything below it that other users can read.
fn open_to_others(folder: &Path) -> Vec<PathBuf> {
    let open = std::fs::metadata(folder).unwrap().permissions().mode() & 0o077 != 0;
    let below = if folder.is_dir() {
        std::fs::read_dir(folder).unwrap().flatten().collect()
    } else {
        Vec::new()
    };
    let below = below.iter().flat_map(|entry| open_to_others(&entry.path()));
    open.then(|| folder.to_owned())
        .into_iter()
        .chain(below)
        .collect()
}

fn program(place: &Deployment) -> std::process::Command {
    let mut program = place.program();
    for (name, path) in [
        ("FILES", "files"),
        ("MAILS", "mails"),
        ("ERASURES", "erasures.jsonl"),
    ] {
        program.env(
            format!("MICROGRANTS_{name}"),
            place.folder.path().join(path),
        );
    }
    program
}

on_each_engine!(what_the_program_keeps_is_its_owners_alone);
async fn what_the_program_keeps_is_its_owners_alone(app: TestApp) {
    let place = app.close().await;
    let folder = place.folder.path();
    assert!(
        !open_to_others(folder).is_empty(),
        "what was made here is as an earlier program made it"
    );
    let begun = program(&place)
        .args([
            "people",
            "add",
            "--name",
            "Ada",
            "--email",
            "ada@example.org",
            "--roles",
            "administrator",
            "--organisation-name",
            "An anchor",
        ])
        .output()
        .unwrap();
    let says = String::from_utf8_lossy(&begun.stderr).into_owned();
    assert!(
        begun.status.success()
            && says.contains("now only their owner can")
            && says.contains("keys"),
        "{says}"
    );
    let process = ServiceProcess::from_command(program(&place));
    let mut browser = Browser::new(&process.address);
    let page = browser.get("/sign-in");
    browser.submit_form(&page, "/sign-in", &[("email", "ada@example.org")]);
    let mails = folder.join("mails");
    for _ in 0..100 {
        if mails.is_dir()
            && std::fs::read_dir(&mails)
                .unwrap()
                .flatten()
                .any(|file| file.path().extension().is_some_and(|end| end == "eml"))
        {
            break;
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    assert!(mails.is_dir(), "the mail with the link was written");
    drop(process);
    let taken = program(&place)
        .args(["backup"])
        .arg(folder.join("copy"))
        .output()
        .unwrap();
    assert!(
        taken.status.success(),
        "{}",
        String::from_utf8_lossy(&taken.stderr)
    );
    // With PostgreSQL the folder itself does not belong to the program.
    let open: Vec<_> = open_to_others(folder)
        .into_iter()
        .filter(|path| path != folder || place.url.starts_with("sqlite"))
        .collect();
    assert_eq!(open, Vec::<PathBuf>::new());
}
