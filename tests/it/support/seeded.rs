//! Apps with the seeds. The tests of one process load them once on each engine, and each case gets
//! a copy: loading them takes more than ten seconds.

use std::fs;
use std::fs::Permissions;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use tempfile::TempDir;
use tokio::sync::OnceCell;

use crate::operations::seeds::load_seeds;
use crate::support::folders::files_below;
use crate::support::postgres;
use crate::support::test_app::TestApp;

/// An app on the same engine, with the seeds in its log and in its views.
pub async fn with_seeds(app: TestApp) -> TestApp {
    static SQLITE: OnceCell<SeededApp> = OnceCell::const_new();
    static POSTGRES: OnceCell<SeededApp> = OnceCell::const_new();
    let of_engine = if app.store().postgres_pool().is_some() {
        &POSTGRES
    } else {
        &SQLITE
    };
    let seeded = of_engine.get_or_init(|| Box::pin(SeededApp::load(app)));
    seeded.await.copy().await
}

/// What an app left: the files in its folder, and the address of its database on PostgreSQL.
struct SeededApp {
    files: Vec<StoredFile>,
    postgres: Option<String>,
}

struct StoredFile {
    /// Its path in the folder.
    path: PathBuf,
    bytes: Vec<u8>,
    permissions: Permissions,
}

impl SeededApp {
    async fn load(app: TestApp) -> Self {
        load_seeds(&app).await;
        app.catch_up().await;
        let is_on_postgres = app.store().postgres_pool().is_some();
        let left = app.close().await;
        let folder = left.folder.path();
        let files = files_below(folder);
        Self {
            files: files
                .iter()
                .map(|file| StoredFile::read(file, folder))
                .collect(),
            postgres: is_on_postgres.then_some(left.url),
        }
    }

    async fn copy(&self) -> TestApp {
        let folder = TempDir::with_prefix("microgrants-case").expect("a temporary folder");
        for file in &self.files {
            file.write_below(folder.path());
        }
        let url = match &self.postgres {
            Some(url) => postgres::copy_of(url).await,
            None => format!("sqlite://{}/log.db", folder.path().display()),
        };
        TestApp::open(Arc::new(folder), url).await
    }
}

impl StoredFile {
    fn read(file: &Path, folder: &Path) -> Self {
        let path = file.strip_prefix(folder).expect("below the folder");
        Self {
            path: path.to_owned(),
            bytes: fs::read(file).expect("the file can be read"),
            permissions: fs::metadata(file).expect("a file").permissions(),
        }
    }

    fn write_below(&self, folder: &Path) {
        let file = folder.join(&self.path);
        fs::create_dir_all(file.parent().expect("a folder")).expect("a folder can be made");
        fs::write(&file, &self.bytes).expect("the file can be written");
        fs::set_permissions(&file, self.permissions.clone()).expect("the file is ours");
    }
}
