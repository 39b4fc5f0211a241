//! Databases with the newest schema. The tests of one process migrate one database of each engine,
//! and each case gets a copy: copying takes a tenth of the time of all migrations.

use std::path::Path;

use microgrants::store::Store;
use tempfile::TempDir;
use tokio::sync::OnceCell;

use crate::support::postgres::{self, Commits};

const SQLITE_FILE: &str = "log.db";

/// Writes an SQLite database into a folder. Returns its address.
pub async fn sqlite_in(folder: &Path) -> String {
    static TEMPLATE: OnceCell<Vec<u8>> = OnceCell::const_new();
    let template = TEMPLATE.get_or_init(sqlite_template).await;
    let url = sqlite_url(folder);
    std::fs::write(folder.join(SQLITE_FILE), template).expect("the database can be written");
    url
}

/// Creates a PostgreSQL database. Returns its address.
pub async fn on_postgres() -> String {
    static TEMPLATE: OnceCell<String> = OnceCell::const_new();
    let template = TEMPLATE.get_or_init(postgres_template).await;
    postgres::copy_of(template).await
}

fn sqlite_url(folder: &Path) -> String {
    format!("sqlite://{}/{SQLITE_FILE}", folder.display())
}

/// The bytes of a migrated database.
async fn sqlite_template() -> Vec<u8> {
    let folder = TempDir::with_prefix("microgrants-template").expect("a temporary folder");
    migrate(&sqlite_url(folder.path())).await;
    std::fs::read(folder.path().join(SQLITE_FILE)).expect("the database can be read")
}

/// The address of a migrated database to which nothing is connected any more.
async fn postgres_template() -> String {
    let url = postgres::new_database(Commits::Quick).await;
    migrate(&url).await;
    url
}

async fn migrate(url: &str) {
    let store = Store::open(url).await.expect("the database opens");
    store.close().await;
}
