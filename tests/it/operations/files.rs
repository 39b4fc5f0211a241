//! Files: their type follows from their bytes, only encrypted bytes are stored, groups see their
//! own, and a refused upload leaves nothing behind. In a folder, and in a bucket of an
//! S3-compatible server where one is installed.

use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use futures::TryStreamExt as _;
use microgrants::domain::file::FileDigest;
use microgrants::domain::{GroupId, Role};
use microgrants::files::{
    BYTES_A_DAY, Bucket, FILE_SIZE_MAX, FILES_A_DAY, FileError, FileStore, UploadContext,
};
use microgrants::store::uploads::{self, UploadUsage};
use serde_json::json;

use crate::pages::journeys::signed_in;
use crate::support::fixtures::Office;
use crate::support::folders::files_below;
use crate::support::service::{Client, sandbox, serve, token, token_for_roles};
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

on_each_engine!(are_kept_sealed_and_opened_for_those_who_may);
async fn are_kept_sealed_and_opened_for_those_who_may(house: TestApp) {
    let office = Office::open(&house, 5000).await;
    let (group, member) = office.group(&house).await;
    let (_, stranger) = office.group(&house).await;
    house.catch_up().await;
    let client = serve(&house, member);
    let path = format!("/api/v1/groups/{group}/files");
    let large = pdf(200_000);
    let first = client.upload(&format!("{path}?purpose=receipt"), &large, "one");
    assert_eq!(first.status, 201, "{}", first.body);
    assert_eq!(
        (first.body["media"].as_str(), first.body["bytes"].as_u64()),
        (Some("application/pdf"), Some(200_000))
    );
    let picture = client.upload(&format!("{path}?purpose=photograph"), &photograph(), "two");
    assert_eq!(picture.status, 201, "{}", picture.body);
    let kept = client.get(&format!("/api/v1/groups/{group}")).body["files"]
        .as_array()
        .unwrap()
        .clone();
    assert_eq!(kept.len(), 2);
    let file = |at: usize| format!("{path}/{}", kept[at]["file"].as_str().unwrap());
    assert_eq!(
        (&first.body["file"], &picture.body["file"]),
        (&kept[0]["file"], &kept[1]["file"])
    );
    assert_eq!(
        (client.bytes(&file(0)), &kept[0]["media"]),
        (large, &json!("application/pdf"))
    );
    let opened = client.bytes(&file(1));
    assert_eq!(
        (image::guess_format(&opened).unwrap(), &kept[1]["media"]),
        (image::ImageFormat::Jpeg, &json!("image/jpeg"))
    );
    assert!(
        !opened.windows(5).any(|bytes| bytes == b"53.54"),
        "nothing of where it was taken remains"
    );
    // A repeat gets the first answer, and stores nothing more.
    let again = client.upload(&format!("{path}?purpose=receipt"), &pdf(200), "one");
    assert_eq!(again.body, first.body);
    assert_eq!(stored_files(&house).len(), 2);
    for bytes in stored_files(&house) {
        assert!(
            !bytes
                .windows(12)
                .any(|part| part == &RECEIPT_TEXT.as_bytes()[..12]),
            "only sealed bytes are kept"
        );
    }
    // Other people see neither the list nor the file; staff who work with groups do.
    let other = client.with_token(&token(&house, stranger));
    other.get(&file(0)).assert_problem(404, "not_found");
    other
        .upload(&format!("{path}?purpose=receipt"), &pdf(200), "three")
        .assert_problem(404, "not_found");
    assert_eq!(
        client
            .with_token(&token(&house, office.ada))
            .bytes(&file(0))
            .len(),
        200_000
    );
    let panel = client.with_token(&token_for_roles(
        &house,
        office.ada,
        Some(vec![Role::Panel]),
    ));
    panel.get(&file(0)).assert_problem(403, "not_yours");
    assert_eq!(
        panel.bytes(&file(1)),
        opened,
        "the panel sees pictures and forms, not accounts"
    );
    client
        .get(&format!("{path}/{}", "0".repeat(64)))
        .assert_problem(404, "not_found");
}

pub fn stored_files(house: &TestApp) -> Vec<Vec<u8>> {
    let folder = house.folder.path().join("files");
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
async fn bad_uploads_are_problems_and_leave_nothing(house: TestApp) {
    let office = Office::open(&house, 5000).await;
    let (group, member) = office.group(&house).await;
    house.catch_up().await;
    let before = house.log.length().await.unwrap();
    let client = serve(&house, member);
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
    let claim = json!({ "file": "0".repeat(64), "media": "image/jpeg", "bytes": 1, "purpose": "photograph" });
    client
        .post(&format!("/api/v1/groups/{group}/keep-file"), &claim)
        .assert_problem(404, "no_such_address");
    assert_eq!(
        (
            stored_files(&house).len(),
            house.log.length().await.unwrap()
        ),
        (0, before)
    );
}

on_each_engine!(a_page_shows_pictures_and_hands_out_everything_else);
async fn a_page_shows_pictures_and_hands_out_everything_else(house: TestApp) {
    let office = Office::open(&house, 5000).await;
    let (group, member) = office.group(&house).await;
    house.catch_up().await;
    let client = serve(&house, member);
    let mut browser = signed_in(&house, client.address(), office.ada).await;
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
            .header("Authorization", format!("Bearer {}", token(&house, member)))
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
async fn a_group_sends_so_many_files_and_bytes_a_day(house: TestApp) {
    let office = Office::open(&house, 5000).await;
    let (group, member) = office.group(&house).await;
    let (other, another) = office.group(&house).await;
    house.catch_up().await;
    let client = serve(&house, member);
    let send = |client: &Client, group: GroupId, bytes: &[u8]| {
        let key = microgrants::clock::new_id().to_string();
        client.upload(
            &format!("/api/v1/groups/{group}/files?purpose=receipt"),
            bytes,
            &key,
        )
    };
    // Refused uploads count as well, since inspecting them took as long.
    for _ in 0..FILES_A_DAY {
        send(&client, group, b"no picture").assert_problem(422, "invalid_file");
    }
    let before = house.log.length().await.unwrap();
    send(&client, group, &pdf(200)).assert_problem(429, "quota_reached");
    // Uploads by staff count towards the same group.
    send(
        &client.with_token(&token(&house, office.ada)),
        group,
        &pdf(200),
    )
    .assert_problem(429, "quota_reached");
    assert_eq!(
        (
            stored_files(&house).len(),
            house.log.length().await.unwrap()
        ),
        (0, before),
        "nothing of it stays"
    );
    // Each group has its own quota, in bytes as well.
    let second = client.with_token(&token(&house, another));
    let nearly = UploadUsage {
        files: 0,
        bytes: BYTES_A_DAY - 300,
    };
    uploads::add(
        house.store(),
        ORGANISATION,
        &other.to_string(),
        &house.today().to_string(),
        nearly,
    )
    .await
    .unwrap();
    assert_eq!(send(&second, other, &pdf(200)).status, 201);
    send(&second, other, &pdf(200)).assert_problem(429, "quota_reached");
    assert_eq!(
        (
            stored_files(&house).len(),
            house.log.length().await.unwrap()
        ),
        (1, before + 1),
        "nothing of it stays"
    );
    // A person with many groups may not upload more in total.
    let third = microgrants::domain::GroupId(microgrants::clock::new_id());
    let register = json!({ "name": "Walks", "area": "oldham", "standing": "new" });
    house
        .issue(
            member,
            crate::support::scenario::command_from_json("group", third.0, "register", &register),
        )
        .await
        .unwrap();
    house.catch_up().await;
    send(&client, third, &pdf(200)).assert_problem(429, "quota_reached");
    // The quota is fresh on the next day.
    let tomorrow = house.in_days(1).to_string();
    let fresh = uploads::add(
        house.store(),
        ORGANISATION,
        &other.to_string(),
        &tomorrow,
        UploadUsage {
            files: 1,
            bytes: 200,
        },
    )
    .await
    .unwrap();
    assert_eq!(
        fresh,
        UploadUsage {
            files: 1,
            bytes: 200
        }
    );
}

pub async fn store_file(
    house: &TestApp,
    files: &FileStore,
    group: microgrants::domain::GroupId,
    bytes: Vec<u8>,
) -> microgrants::files::StoredFile {
    let body = futures::stream::iter(
        bytes
            .chunks(1000)
            .map(|part| Ok::<_, std::io::Error>(bytes::Bytes::copy_from_slice(part)))
            .collect::<Vec<_>>(),
    );
    let sandbox = sandbox();
    let intake = UploadContext {
        log: &house.log,
        sandbox: &sandbox,
        now: house.commands.now(),
        group: group.0,
        sender: None,
    };
    files.store(&intake, body).await.expect("kept")
}

/// Reads a stored file to its end.
pub async fn read_file(
    house: &TestApp,
    files: &FileStore,
    group: microgrants::domain::GroupId,
    file: &FileDigest,
) -> Vec<u8> {
    let parts: Vec<_> = files
        .open(house.log.vault(), group.0, file)
        .await
        .expect("there")
        .try_collect()
        .await
        .expect("whole");
    parts.concat()
}

on_sqlite!(what_was_altered_does_not_open);
async fn what_was_altered_does_not_open(house: TestApp) {
    let office = Office::open(&house, 5000).await;
    let (group, _) = office.group(&house).await;
    let files = house.files();
    for change in ["flip", "cut", "swap"] {
        let kept = store_file(&house, &files, group, pdf(200_000)).await;
        let name = kept.file.as_str();
        let path = house
            .folder
            .path()
            .join("files")
            .join(&name[..2])
            .join(name);
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
            .open(house.log.vault(), group.0, &kept.file)
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

/// An S3-compatible server, from `target/validators` or the search path: `pip install moto[server]`.
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
async fn lie_in_a_bucket_as_well(house: TestApp) {
    let office = Office::open(&house, 5000).await;
    let (group, _) = office.group(&house).await;
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
    let kept = store_file(&house, &files, group, pdf(300_000)).await;
    assert_eq!(
        read_file(&house, &files, group, &kept.file).await,
        pdf(300_000)
    );
    let raw = ureq::get(&presigned_url(&endpoint, kept.file.as_str()))
        .call()
        .unwrap()
        .body_mut()
        .read_to_vec()
        .unwrap();
    assert!(
        raw.len() > 300_000
            && !raw
                .windows(12)
                .any(|part| part == &RECEIPT_TEXT.as_bytes()[..12]),
        "only sealed bytes leave the house"
    );
    files.remove(&kept.file).await.unwrap();
    let gone = files
        .open(house.log.vault(), group.0, &kept.file)
        .await
        .map(drop);
    assert!(matches!(gone, Err(FileError::Missing)), "{gone:?}");
}
