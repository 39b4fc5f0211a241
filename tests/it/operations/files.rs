//! Files: their type follows from their bytes, only encrypted bytes are stored, groups see their
//! own, and a refused upload leaves nothing behind. In a folder, and in a bucket of an
//! S3-compatible server where one is installed.

use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use futures::TryStreamExt as _;
use jiff::civil::Date;
use microgrants::clock::new_id;
use microgrants::domain::file::FileDigest;
use microgrants::domain::{GroupId, PersonId, Role};
use microgrants::files::{
    BYTES_A_DAY, Bucket, FILE_SIZE_MAX, FILES_A_DAY, FileError, FileStore, StoredFile,
    UploadContext,
};
use microgrants::store::uploads::{self, UploadUsage};
use serde_json::json;

use crate::pages::journeys::signed_in;
use crate::support::fixtures::Office;
use crate::support::folders::files_below;
use crate::support::scenario::command_from_json;
use crate::support::service::{ApiResponse, Client, sandbox, serve, token, token_for_roles};
use crate::support::test_app::{ORGANISATION, TestApp};

const RECEIPT_TEXT: &str = "a receipt for soup, 53.54 N 2.11 W";

/// A PDF of this many bytes.
pub fn pdf(bytes: usize) -> Vec<u8> {
    let mut pdf = format!("%PDF-1.7\n{RECEIPT_TEXT}\n").into_bytes();
    pdf.resize(bytes - 5, b'.');
    pdf.extend(b"%%EOF");
    pdf
}

/// A picture with camera metadata.
fn photograph() -> Vec<u8> {
    let mut png = Vec::new();
    image::DynamicImage::new_rgb8(40, 30)
        .write_to(&mut std::io::Cursor::new(&mut png), image::ImageFormat::Png)
        .unwrap();
    let mut chunk = u32::try_from(RECEIPT_TEXT.len())
        .unwrap()
        .to_be_bytes()
        .to_vec();
    chunk.extend(b"tEXt");
    chunk.extend(RECEIPT_TEXT.as_bytes());
    chunk.extend([0; 4]);
    png.splice(33..33, chunk);
    png
}

/// A group with a PDF and a picture, and its member's client.
struct KeptFiles {
    client: Client,
    /// The address of the group's files.
    path: String,
    large: Vec<u8>,
    pdf: ApiResponse,
    picture: ApiResponse,
}

impl KeptFiles {
    async fn of_group(app: &TestApp, office: &Office) -> Self {
        let (group, member) = office.group(app).await;
        app.catch_up().await;
        let client = serve(app, member);
        let path = format!("/api/v1/groups/{group}/files");
        let large = pdf(200_000);
        let pdf = client.upload(&format!("{path}?purpose=receipt"), &large, "one");
        let picture = client.upload(&format!("{path}?purpose=photograph"), &photograph(), "two");
        Self {
            client,
            path,
            large,
            pdf,
            picture,
        }
    }

    /// The address of an uploaded file.
    fn address_of(&self, uploaded: &ApiResponse) -> String {
        format!("{}/{}", self.path, uploaded.body["file"].as_str().unwrap())
    }

    /// Uploads a receipt as somebody.
    fn upload_receipt(&self, client: &Client, key: &str) -> ApiResponse {
        client.upload(&format!("{}?purpose=receipt", self.path), &pdf(200), key)
    }
}

on_each_engine!(are_stored_encrypted);
async fn are_stored_encrypted(app: TestApp) {
    // Given
    let office = Office::open(&app, 5000).await;

    // When
    let kept = KeptFiles::of_group(&app, &office).await;

    // Then
    assert_eq!(kept.pdf.status, 201, "{}", kept.pdf.body);
    assert_eq!(
        (
            kept.pdf.body["media"].as_str(),
            kept.pdf.body["bytes"].as_u64()
        ),
        (Some("application/pdf"), Some(200_000))
    );
    assert_eq!(kept.picture.status, 201, "{}", kept.picture.body);
    let group = kept.path.strip_suffix("/files").unwrap();
    let listed = kept.client.get(group).body["files"].clone();
    assert_eq!(listed.as_array().unwrap().len(), 2);
    assert_eq!(
        (&kept.pdf.body["file"], &kept.picture.body["file"]),
        (&listed[0]["file"], &listed[1]["file"])
    );
    assert_eq!(
        (
            kept.client.bytes(&kept.address_of(&kept.pdf)),
            &listed[0]["media"]
        ),
        (kept.large.clone(), &json!("application/pdf"))
    );
    let picture = kept.client.bytes(&kept.address_of(&kept.picture));
    assert_eq!(
        (image::guess_format(&picture).unwrap(), &listed[1]["media"]),
        (image::ImageFormat::Jpeg, &json!("image/jpeg"))
    );
    assert!(
        !picture.windows(5).any(|bytes| bytes == b"53.54"),
        "nothing of where it was taken remains"
    );
    let stored = stored_files(&app);
    assert_eq!(stored.len(), 2);
    assert!(
        !stored.iter().any(|bytes| contains_receipt_text(bytes)),
        "only encrypted bytes are kept"
    );
}

/// Whether bytes contain the beginning of the receipt's text unencrypted.
fn contains_receipt_text(bytes: &[u8]) -> bool {
    bytes
        .windows(12)
        .any(|part| part == &RECEIPT_TEXT.as_bytes()[..12])
}

on_each_engine!(a_repeated_upload_gets_the_first_answer);
async fn a_repeated_upload_gets_the_first_answer(app: TestApp) {
    let office = Office::open(&app, 5000).await;
    let kept = KeptFiles::of_group(&app, &office).await;

    let again = kept.upload_receipt(&kept.client, "one");

    assert_eq!(again.body, kept.pdf.body);
    assert_eq!(stored_files(&app).len(), 2, "it stores nothing more");
}

on_each_engine!(open_for_those_who_may);
/// Other people see neither the list nor the file; staff who work with groups do.
async fn open_for_those_who_may(app: TestApp) {
    let office = Office::open(&app, 5000).await;
    let (_, stranger) = office.group(&app).await;
    let kept = KeptFiles::of_group(&app, &office).await;
    let [pdf, picture] = [&kept.pdf, &kept.picture].map(|uploaded| kept.address_of(uploaded));
    let other = kept.client.with_token(&token(&app, stranger));
    let officer = kept.client.with_token(&token(&app, office.ada));
    let panel = kept
        .client
        .with_token(&token_for_roles(&app, office.ada, Some(vec![Role::Panel])));

    other.get(&pdf).assert_problem(404, "not_found");
    kept.upload_receipt(&other, "three")
        .assert_problem(404, "not_found");
    assert_eq!(officer.bytes(&pdf).len(), 200_000);
    panel.get(&pdf).assert_problem(403, "not_yours");
    assert_eq!(
        panel.bytes(&picture),
        kept.client.bytes(&picture),
        "the panel sees pictures and forms, not accounts"
    );
    kept.client
        .get(&format!("{}/{}", kept.path, "0".repeat(64)))
        .assert_problem(404, "not_found");
}

pub fn stored_files(app: &TestApp) -> Vec<Vec<u8>> {
    let folder = app.folder.path().join("files");
    let files = if folder.is_dir() {
        files_below(&folder)
    } else {
        Vec::new()
    };
    files
        .iter()
        .map(|file| std::fs::read(file).unwrap())
        .collect()
}

on_each_engine!(bad_uploads_are_problems_and_leave_nothing);
async fn bad_uploads_are_problems_and_leave_nothing(app: TestApp) {
    let office = Office::open(&app, 5000).await;
    let (group, member) = office.group(&app).await;
    app.catch_up().await;
    let before = app.log.length().await.unwrap();
    let client = serve(&app, member);
    let path = format!("/api/v1/groups/{group}/files?purpose=receipt");
    client
        .upload(&path, b"<html><script>alert(1)</script></html>", "a")
        .assert_problem(422, "invalid_file");
    client
        .upload(&path, b"%PDF-1.4\nnot really", "h")
        .assert_problem(422, "invalid_file");
    client
        .upload(&path, b"", "b")
        .assert_problem(422, "invalid_file");
    let mut half = photograph();
    half.truncate(120);
    client
        .upload(&path, &half, "c")
        .assert_problem(422, "invalid_file");
    let mut endless = photograph();
    endless[16..20].copy_from_slice(&60_000_u32.to_be_bytes());
    client
        .upload(&path, &endless, "d")
        .assert_problem(422, "invalid_file");
    client
        .upload(
            &path,
            &pdf(usize::try_from(FILE_SIZE_MAX).unwrap() + 1),
            "e",
        )
        .assert_problem(413, "too_large");
    client
        .upload(&path.replace("receipt", "malice"), &pdf(200), "f")
        .assert_problem(400, "invalid_query");
    client
        .upload(&path.replace("?purpose=receipt", ""), &pdf(200), "g")
        .assert_problem(400, "invalid_query");
    client
        .upload(&path, &pdf(200), "not a key")
        .assert_problem(400, "invalid_key");
    // No command can claim a file that was never uploaded.
    let claim = json!({
        "file": "0".repeat(64), "media": "image/jpeg", "bytes": 1, "purpose": "photograph",
    });
    client
        .post(&format!("/api/v1/groups/{group}/keep-file"), &claim)
        .assert_problem(404, "no_such_address");
    assert_eq!(
        (stored_files(&app).len(), app.log.length().await.unwrap()),
        (0, before)
    );
}

on_each_engine!(a_page_shows_pictures_and_hands_out_everything_else);
async fn a_page_shows_pictures_and_hands_out_everything_else(app: TestApp) {
    let office = Office::open(&app, 5000).await;
    let (group, member) = office.group(&app).await;
    app.catch_up().await;
    let client = serve(&app, member);
    let mut browser = signed_in(&app, client.address(), office.ada).await;
    for (purpose, bytes, shown) in [
        ("receipt", pdf(200), false),
        ("photograph", photograph(), true),
    ] {
        let kept = client.upload(
            &format!("/api/v1/groups/{group}/files?purpose={purpose}"),
            &bytes,
            purpose,
        );
        let file = kept.body["file"].as_str().unwrap().to_owned();
        let page = browser.get(&format!("/desk/files/{group}/{file}"));
        let begins = if shown { "inline" } else { "attachment" };
        assert!(
            page.status == 200 && page.headers["content-disposition"].starts_with(begins),
            "{purpose}: {:?}",
            page.headers
        );
        let path = format!("{}/api/v1/groups/{group}/files/{file}", client.address());
        let raw = ureq::get(path)
            .header("Authorization", format!("Bearer {}", token(&app, member)))
            .call()
            .unwrap();
        let header = |name: &str| raw.headers()[name].to_str().unwrap().to_owned();
        assert!(
            header("content-disposition").starts_with("attachment"),
            "a program keeps what it asked for"
        );
        for (policy, sniffs) in [
            (
                header("content-security-policy"),
                header("x-content-type-options"),
            ),
            (
                page.headers["content-security-policy"].clone(),
                page.headers["x-content-type-options"].clone(),
            ),
        ] {
            assert_eq!(
                (policy.as_str(), sniffs.as_str()),
                ("default-src 'none'; sandbox", "nosniff"),
                "{purpose}"
            );
        }
    }
}

on_each_engine!(a_group_sends_so_many_files_and_bytes_a_day);
async fn a_group_sends_so_many_files_and_bytes_a_day(app: TestApp) {
    // Given
    let office = Office::open(&app, 5000).await;
    let (group, member) = office.group(&app).await;
    app.catch_up().await;
    let client = serve(&app, member);
    let officer = client.with_token(&token(&app, office.ada));

    // When
    use_up_quota(&client, group);

    // Then
    let before = app.log.length().await.unwrap();
    send_receipt(&client, group).assert_problem(429, "quota_reached");
    // Uploads by staff count towards the same group.
    send_receipt(&officer, group).assert_problem(429, "quota_reached");
    assert_eq!(
        (stored_files(&app).len(), app.log.length().await.unwrap()),
        (0, before),
        "nothing of it stays"
    );
    assert_counts_bytes(&app, &office, &client).await;
    assert_counts_person(&app, &client, member).await;
}

/// Uploads as many files as a day's quota has. Refused uploads count as well, since inspecting them
/// took as long.
fn use_up_quota(client: &Client, group: GroupId) {
    for _ in 0..FILES_A_DAY {
        send(client, group, b"no picture").assert_problem(422, "invalid_file");
    }
}

fn send_receipt(client: &Client, group: GroupId) -> ApiResponse {
    send(client, group, &pdf(200))
}

/// Uploads a file under a new idempotency key.
fn send(client: &Client, group: GroupId, bytes: &[u8]) -> ApiResponse {
    let key = new_id().to_string();
    client.upload(
        &format!("/api/v1/groups/{group}/files?purpose=receipt"),
        bytes,
        &key,
    )
}

/// Asserts that each group has its own quota, in bytes as well, and a fresh one on the next day.
async fn assert_counts_bytes(app: &TestApp, office: &Office, client: &Client) {
    let (group, member) = office.group(app).await;
    app.catch_up().await;
    let client = client.with_token(&token(app, member));
    let nearly = UploadUsage {
        files: 0,
        bytes: BYTES_A_DAY - 300,
    };
    add_usage(app, group, app.today(), nearly).await;
    let before = app.log.length().await.unwrap();

    let first = send_receipt(&client, group);
    let second = send_receipt(&client, group);

    assert_eq!(first.status, 201);
    second.assert_problem(429, "quota_reached");
    assert_eq!(
        (stored_files(app).len(), app.log.length().await.unwrap()),
        (1, before + 1),
        "nothing of it stays"
    );
    let one_file = UploadUsage {
        files: 1,
        bytes: 200,
    };
    assert_eq!(
        add_usage(app, group, app.in_days(1), one_file).await,
        one_file
    );
}

/// Adds to what a group has uploaded on a day. Returns the sum.
async fn add_usage(app: &TestApp, group: GroupId, day: Date, usage: UploadUsage) -> UploadUsage {
    uploads::add(
        app.store(),
        ORGANISATION,
        &group.to_string(),
        &day.to_string(),
        usage,
    )
    .await
    .unwrap()
}

/// Asserts that a person with many groups may not upload more in total.
async fn assert_counts_person(app: &TestApp, client: &Client, member: PersonId) {
    let group = GroupId(new_id());
    let register = json!({ "name": "Walks", "area": "oldham", "standing": "new" });
    app.issue_ok(
        member,
        command_from_json("group", group.0, "register", &register),
    )
    .await;
    app.catch_up().await;

    send_receipt(client, group).assert_problem(429, "quota_reached");
}

pub async fn store_file(
    app: &TestApp,
    files: &FileStore,
    group: GroupId,
    bytes: Vec<u8>,
) -> StoredFile {
    let body = futures::stream::iter(
        bytes
            .chunks(1000)
            .map(|part| Ok::<_, std::io::Error>(bytes::Bytes::copy_from_slice(part)))
            .collect::<Vec<_>>(),
    );
    let sandbox = sandbox();
    let intake = UploadContext {
        log: &app.log,
        sandbox: &sandbox,
        now: app.commands.now(),
        group: group.0,
        sender: None,
    };
    files.store(&intake, body).await.expect("kept")
}

/// Reads a stored file to its end.
pub async fn read_file(
    app: &TestApp,
    files: &FileStore,
    group: GroupId,
    file: &FileDigest,
) -> Vec<u8> {
    let parts: Vec<_> = files
        .open(app.log.vault(), group.0, file)
        .await
        .expect("there")
        .try_collect()
        .await
        .expect("whole");
    parts.concat()
}

on_sqlite!(what_was_altered_does_not_open);
async fn what_was_altered_does_not_open(app: TestApp) {
    let office = Office::open(&app, 5000).await;
    let (group, _) = office.group(&app).await;
    let files = app.files();
    for change in ["flip", "cut", "swap"] {
        let kept = store_file(&app, &files, group, pdf(200_000)).await;
        let name = kept.file.as_str();
        let path = app.folder.path().join("files").join(&name[..2]).join(name);
        let mut bytes = std::fs::read(&path).unwrap();
        match change {
            "flip" => bytes[100_000] ^= 1,
            // Without the last chunk.
            "cut" => bytes.truncate(19 + 2 * (65_536 + 16)),
            _ => {
                let (first, second) = (bytes[19..65_571].to_vec(), bytes[65_571..131_123].to_vec());
                bytes[19..65_571].copy_from_slice(&second);
                bytes[65_571..131_123].copy_from_slice(&first);
            }
        }
        std::fs::write(&path, bytes).unwrap();
        let opened = files
            .open(app.log.vault(), group.0, &kept.file)
            .await
            .unwrap()
            .try_collect::<Vec<_>>()
            .await;
        assert!(
            matches!(opened, Err(FileError::Altered(_))),
            "{change}: {opened:?}"
        );
    }
}

/// An S3-compatible server, from `target/validators` or the search path: `pip install
/// moto[server]`.
fn find_s3_server() -> Option<PathBuf> {
    let validators = PathBuf::from(concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/target/validators/bin"
    ));
    let path = std::env::var_os("PATH").unwrap_or_default();
    std::iter::once(validators)
        .chain(std::env::split_paths(&path))
        .map(|folder| folder.join("moto_server"))
        .find(|program| program.is_file())
}

struct S3Server(Child);

impl Drop for S3Server {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// A presigned address at which the bucket itself serves the file.
fn presigned_url(endpoint: &str, name: &str) -> String {
    use rusty_s3::{Credentials, S3Action as _, UrlStyle, actions::GetObject};
    let bucket = rusty_s3::Bucket::new(
        endpoint.parse().unwrap(),
        UrlStyle::Path,
        "papers",
        "eu-west-2",
    )
    .unwrap();
    GetObject::new(&bucket, Some(&Credentials::new("key", "secret")), name)
        .sign(Duration::from_mins(1))
        .to_string()
}

on_sqlite!(lie_in_a_bucket_as_well, ignore = "needs moto_server");
async fn lie_in_a_bucket_as_well(app: TestApp) {
    let office = Office::open(&app, 5000).await;
    let (group, _) = office.group(&app).await;
    let port = std::net::TcpListener::bind("127.0.0.1:0")
        .and_then(|listener| listener.local_addr())
        .unwrap()
        .port();
    let program = find_s3_server().expect("it was found");
    let arguments = ["-H", "127.0.0.1", "-p", &port.to_string()];
    let server = Command::new(program)
        .args(arguments)
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let _server = S3Server(server);
    let endpoint = format!("http://127.0.0.1:{port}");
    let mut made = false;
    for _ in 0..200 {
        if ureq::put(format!("{endpoint}/papers")).send_empty().is_ok() {
            made = true;
            break;
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    assert!(made, "the store answers");
    let files = FileStore::Bucket(Box::new(
        Bucket::new(&endpoint, "eu-west-2", "papers", "key", "secret").unwrap(),
    ));
    let kept = store_file(&app, &files, group, pdf(300_000)).await;
    assert_eq!(
        read_file(&app, &files, group, &kept.file).await,
        pdf(300_000)
    );
    let raw = ureq::get(&presigned_url(&endpoint, kept.file.as_str()))
        .call()
        .unwrap()
        .body_mut()
        .read_to_vec()
        .unwrap();
    assert!(
        raw.len() > 300_000 && !contains_receipt_text(&raw),
        "only encrypted bytes reach the bucket"
    );
    files.remove(&kept.file).await.unwrap();
    let gone = files
        .open(app.log.vault(), group.0, &kept.file)
        .await
        .map(drop);
    assert!(matches!(gone, Err(FileError::Missing)), "{gone:?}");
}
