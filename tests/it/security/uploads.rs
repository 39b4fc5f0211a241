//! Uploads cannot bring the service down: a bounded child process reads tables and pictures. The
//! real program, under a memory limit, receives files that break a reader, and mutated copies of
//! good ones.

use std::io::{Cursor, Read as _, Write as _};
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use bytes::Bytes;
use microgrants::auth::tokens::NewToken;
use microgrants::domain::GroupId;
use microgrants::files::FILES_A_DAY;
use microgrants::import::{ImportTable, TableError};
use microgrants::sandbox::{Sandbox, SandboxError, Upload};

use crate::security::fuzz_corpus::{corpus, mutated};
use crate::support::browser::Browser;
use crate::support::fixtures::Office;
use crate::support::random::SeededRandom;
use crate::support::service::{Client, Deployment, ServiceProcess, tokens};
use crate::support::test_app::TestApp;

/// Memory limit of the service, in bytes.
const MEMORY_LIMIT: u64 = 512 * 1024 * 1024;

fn archive(parts: &[(&str, &[u8])]) -> Vec<u8> {
    let mut archive = zip::ZipWriter::new(Cursor::new(Vec::new()));
    for (name, part) in parts {
        archive
            .start_file(*name, zip::write::SimpleFileOptions::default())
            .unwrap();
        archive.write_all(part).unwrap();
    }
    archive.finish().unwrap().into_inner()
}

/// A workbook with one row, and a table of shared strings with these attributes.
fn xlsx(says: &str) -> Vec<u8> {
    const OFFICE: &str = "http://schemas.openxmlformats.org/officeDocument/2006/relationships";
    const PACKAGE: &str = "http://schemas.openxmlformats.org/package/2006/relationships";
    let leads = |kind: &str, to: &str| {
        format!(
            "<Relationships xmlns=\"{PACKAGE}\"><Relationship Id=\"r1\" Type=\"{OFFICE}/{kind}\" \
                Target=\"{to}\"/></Relationships>"
        )
    };
    let cells = |row: u8, texts: [&str; 3]| {
        let cell = |(column, text): (char, &str)| {
            format!("<c r=\"{column}{row}\" t=\"inlineStr\"><is><t>{text}</t></is></c>")
        };
        format!(
            "<row r=\"{row}\">{}</row>",
            ['A', 'B', 'C']
                .into_iter()
                .zip(texts)
                .map(cell)
                .collect::<String>()
        )
    };
    let sheet = format!(
        "<worksheet><sheetData>{}{}</sheetData></worksheet>",
        cells(1, ["reference", "name", "area"]),
        cells(2, ["r1", "A group", "oldham"])
    );
    let book = format!(
        "<workbook xmlns:r=\"{OFFICE}\"><sheets><sheet name=\"a\" sheetId=\"1\" \
            r:id=\"r1\"/></sheets></workbook>"
    );
    archive(&[
        ("[Content_Types].xml", &b"<Types/>"[..]),
        (
            "_rels/.rels",
            leads("officeDocument", "xl/workbook.xml").as_bytes(),
        ),
        ("xl/workbook.xml", book.as_bytes()),
        (
            "xl/_rels/workbook.xml.rels",
            leads("worksheet", "worksheets/sheet1.xml").as_bytes(),
        ),
        ("xl/worksheets/sheet1.xml", sheet.as_bytes()),
        (
            "xl/sharedStrings.xml",
            format!("<sst {says}><si><t>x</t></si></sst>").as_bytes(),
        ),
    ])
}

/// A workbook with these rows.
fn ods(rows: &str) -> Vec<u8> {
    let content = format!(
        "<office:document-content><office:body><office:spreadsheet><table:table \
            table:name=\"a\"><table:table-row>\
         <table:table-cell office:value-type=\"string\"><text:p>reference</text:p>\
         </table:table-cell></table:table-row>{rows}</table:table>\
         </office:spreadsheet></office:body></office:document-content>"
    );
    archive(&[
        (
            "mimetype",
            &b"application/vnd.oasis.opendocument.spreadsheet"[..],
        ),
        ("META-INF/manifest.xml", b"<manifest:manifest/>"),
        ("content.xml", content.as_bytes()),
    ])
}

/// Tables that make a reader use gigabytes, or that unpack to them.
fn bad_tables() -> Vec<Vec<u8>> {
    let row = |rows: &str, cell: &str| {
        format!(
            "<table:table-row table:number-rows-repeated='{rows}'><table:table-cell \
                {cell}</table:table-cell></table:table-row>"
        )
    };
    let filled =
        "office:value-type='string' table:number-columns-repeated='490'><text:p>x</text:p>";
    let spaces = "office:value-type='string'><text:p><text:s text:c='4294967295'/></text:p>";
    let between = "table:number-columns-repeated='16383'></table:table-cell><table:table-cell>";
    vec![
        xlsx("count=\"4294967295\" uniqueCount=\"4294967295\""),
        xlsx("uniqueCount='4294967295'"),
        ods(&row("199000", filled)),
        ods(&row("1", spaces)),
        ods(&row("1", between).repeat(20_000)),
        archive(&[("xl/workbook.xml", vec![0; 70 * 1024 * 1024].as_slice())]),
    ]
}

/// Texts that are small in the file and large in memory.
fn bad_texts() -> Vec<Vec<u8>> {
    const LENGTH: usize = 3 * 1024 * 1024;
    let long = |part: &str| part.repeat(LENGTH / part.len()).into_bytes();
    let grants = [b"{\"grants\":[".to_vec(), long("{},"), b"{}]}".to_vec()].concat();
    vec![
        long("x\n"),
        long(","),
        long("a,b\n"),
        long("\""),
        long("{\"a\":["),
        grants,
    ]
}

/// A picture whose header states this size.
fn png_of_size(width: u32, height: u32) -> Vec<u8> {
    let mut png = Vec::new();
    image::DynamicImage::new_rgb8(64, 64)
        .write_to(&mut Cursor::new(&mut png), image::ImageFormat::Png)
        .unwrap();
    png[16..20].copy_from_slice(&width.to_be_bytes());
    png[20..24].copy_from_slice(&height.to_be_bytes());
    // The header's checksum is made valid again.
    let check = crc32(&png[12..29]);
    png[29..33].copy_from_slice(&check.to_be_bytes());
    png
}

fn crc32(bytes: &[u8]) -> u32 {
    let step = |sum: u32, byte: &u8| {
        (0..8).fold(sum ^ u32::from(*byte), |sum, _| {
            if sum & 1 == 1 {
                (sum >> 1) ^ 0xEDB8_8320
            } else {
                sum >> 1
            }
        })
    };
    !bytes.iter().fold(u32::MAX, step)
}

fn pictures() -> Vec<Vec<u8>> {
    let painted = |format| {
        let mut bytes = Vec::new();
        image::DynamicImage::new_rgb8(90, 60)
            .write_to(&mut Cursor::new(&mut bytes), format)
            .unwrap();
        bytes
    };
    [
        image::ImageFormat::Jpeg,
        image::ImageFormat::Png,
        image::ImageFormat::WebP,
    ]
    .map(painted)
    .to_vec()
}

#[test]
fn what_a_workbook_says_of_its_size_is_not_believed() {
    for table in bad_tables() {
        assert!(
            matches!(ImportTable::read(&table), Err(TableError::TooLong)),
            "{:?}",
            ImportTable::read(&table)
        );
    }
    let good = ImportTable::read(&xlsx("count=\"1\" uniqueCount=\"1\"")).unwrap();
    assert_eq!(good.line_count(), 1);
    let row = "<table:table-row table:number-rows-repeated='3'><table:table-cell \
        office:value-type='string'><text:p>x</text:p>\
               </table:table-cell></table:table-row>";
    assert_eq!(ImportTable::read(&ods(row)).unwrap().line_count(), 3);
}

/// Starts the service under a memory limit. Its threads share two malloc arenas, since each further
/// arena reserves address space that is never used.
fn start_with_limit(place: &Deployment) -> ServiceProcess {
    let program = place.program();
    let mut limited = Command::new("prlimit");
    limited
        .arg(format!("--as={MEMORY_LIMIT}"))
        .arg(program.get_program())
        .current_dir(place.folder.path())
        .env("MALLOC_ARENA_MAX", "2");
    for (name, value) in program.get_envs() {
        match value {
            Some(value) => limited.env(name, value),
            None => limited.env_remove(name),
        };
    }
    ServiceProcess::from_command(limited)
}

/// The senders of files: an officer's browser, and programs of groups.
struct Uploader {
    browser: Browser,
    csrf: String,
    client: Client,
    groups: Vec<GroupId>,
    sent: usize,
}

impl Uploader {
    fn table(&mut self, address: &str, bytes: &[u8]) {
        let field = |name: &str, value: &str| {
            format!("--b\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n{value}\r\n")
        };
        let words = [
            field("csrf", &self.csrf),
            field("form", "import"),
            field("at", "/desk/import"),
            field("kind", "groups"),
            field("what", "try"),
        ];
        let file = "--b\r\nContent-Disposition: form-data; name=\"file\"; filename=\"a\"\r\n\
            Content-Type: text/csv\r\n\r\n";
        let body = [
            words.concat().as_bytes(),
            file.as_bytes(),
            bytes,
            b"\r\n--b--\r\n",
        ]
        .concat();
        let answer = self
            .browser
            .post_bytes(address, "multipart/form-data; boundary=b", &body);
        assert!(
            answer.status == 200 || (400..500).contains(&answer.status),
            "{}: {}",
            answer.status,
            answer.text
        );
    }

    fn picture(&mut self, bytes: &[u8]) -> u16 {
        let group = self.groups[self.sent / usize::try_from(FILES_A_DAY).unwrap()];
        self.sent += 1;
        let answer = self.client.upload(
            &format!("/api/v1/groups/{group}/files?purpose=photograph"),
            bytes,
            &format!("p{}", self.sent),
        );
        assert!(
            [201, 422].contains(&answer.status),
            "{}: {}",
            answer.status,
            answer.body
        );
        answer.status
    }
}

/// Number of mutated files: `MICROGRANTS_UPLOADS`, or 200.
fn changed_file_count() -> usize {
    std::env::var("MICROGRANTS_UPLOADS")
        .ok()
        .and_then(|number| number.parse().ok())
        .unwrap_or(200)
}

on_sqlite!(
    nothing_that_is_uploaded_ends_the_process,
    ignore = "needs prlimit"
);
async fn nothing_that_is_uploaded_ends_the_process(app: TestApp) {
    let office = Office::open(&app, 10_000).await;
    let mut groups = Vec::new();
    for _ in 0..=changed_file_count() / usize::try_from(FILES_A_DAY).unwrap() + 1 {
        groups.push(office.group(&app).await.0);
    }
    app.catch_up().await;
    let link = crate::pages::journeys::sign_in_link(&app, office.ada).await;
    let lasting = NewToken::by_operator(office.ada, "a case", Duration::from_hours(24));
    let token = tokens(&app)
        .issue(&app.commands, lasting, app.commands.now())
        .await
        .unwrap();
    let place = app.close().await;
    let process = start_with_limit(&place);
    let client = Client::new(&process.address, &token);
    let mut browser = Browser::new(&process.address);
    let page = browser.get(&link);
    browser.submit_form(&page, &link, &[]);
    let csrf = browser.get("/desk/import").hidden_field("csrf");
    let mut sender = Uploader {
        browser,
        csrf,
        client: client.clone(),
        groups,
        sent: 0,
    };

    for table in bad_tables()
        .iter()
        .chain(&bad_texts())
        .filter(|table| table.len() < 4 * 1024 * 1024)
    {
        sender.table("/desk/do/import", table);
        sender.table("/desk/do/bank-statement", table);
    }
    for (width, height) in [
        (8000, 8300),
        (12_000, 5500),
        (12_000, 12_000),
        (65_535, 65_535),
    ] {
        assert_eq!(sender.picture(&png_of_size(width, height)), 422);
    }
    assert!(
        pictures()
            .iter()
            .all(|picture| sender.picture(picture) == 201),
        "good ones are kept"
    );
    send_concurrently(&sender);
    send_changed_files(&mut sender);
    assert_eq!(client.get("/healthz").status, 200);
    process.kill();
}

/// Uploads beyond the number of concurrent readers wait for their turn.
fn send_concurrently(sender: &Uploader) {
    let group = sender.groups.last().unwrap();
    std::thread::scope(|scope| {
        for number in 0..8 {
            let client = sender.client.clone();
            scope.spawn(move || {
                let path = format!("/api/v1/groups/{group}/files?purpose=photograph");
                let answer = client.upload(
                    &path,
                    &png_of_size(8000, 8300),
                    &format!("at-once-{number}"),
                );
                assert_eq!(answer.status, 422, "{}", answer.body);
            });
        }
    });
}

/// Mutated copies of tables, of the parts of workbooks, and of pictures.
fn send_changed_files(sender: &mut Uploader) {
    let mut moments = SeededRandom::from_environment();
    let seed = moments.seed();
    let (tables, pictures) = (corpus("table"), pictures());
    assert!(tables.len() >= 3, "the corpus of tables is in fuzz/corpus");
    let last = std::env::temp_dir().join(format!("microgrants-upload-{seed}"));
    for _ in 0..changed_file_count() {
        let is_picture = moments.one_in(2);
        let bytes = match moments.below(2) {
            _ if is_picture => mutated(&pictures, &mut moments),
            0 => mutated(&tables, &mut moments),
            _ => changed_part(&tables, &mut moments),
        };
        // If the service does not answer, this is the file that ended it.
        std::fs::write(&last, &bytes).unwrap();
        if is_picture {
            sender.picture(&bytes);
        } else {
            sender.table("/desk/do/import", &bytes);
        }
    }
    let _ = std::fs::remove_file(&last);
    eprintln!(
        "uploads: {} changed files were taken or refused (seed {seed})",
        changed_file_count()
    );
}

/// A workbook with one mutated part that still unpacks; a number in it may become very large.
fn changed_part(tables: &[Vec<u8>], moments: &mut SeededRandom) -> Vec<u8> {
    let books: Vec<&Vec<u8>> = tables
        .iter()
        .filter(|table| table.starts_with(b"PK"))
        .collect();
    let book = *moments.choose(&books);
    let mut opened = zip::ZipArchive::new(Cursor::new(book)).unwrap();
    let at = moments.below(opened.len());
    let mut parts = Vec::new();
    for number in 0..opened.len() {
        let mut entry = opened.by_index(number).unwrap();
        let name = entry.name().unwrap().into_owned();
        let mut part = Vec::new();
        entry.read_to_end(&mut part).unwrap();
        if number == at {
            part = if moments.one_in(2) {
                mutated(&[part], moments)
            } else {
                enlarged(&part, moments)
            };
        }
        parts.push((name, part));
    }
    archive(
        &parts
            .iter()
            .map(|(name, part)| (name.as_str(), part.as_slice()))
            .collect::<Vec<_>>(),
    )
}

/// A copy in which one number is replaced.
fn enlarged(part: &[u8], moments: &mut SeededRandom) -> Vec<u8> {
    const NUMBERS: [&str; 4] = ["4294967295", "18446744073709551615", "1048576", "-1"];
    let digits: Vec<usize> = (0..part.len())
        .filter(|at| part[*at].is_ascii_digit())
        .collect();
    if digits.is_empty() {
        return part.to_vec();
    }
    let at = *moments.choose(&digits);
    let number = *moments.choose(&NUMBERS);
    [&part[..at], number.as_bytes(), &part[at + 1..]].concat()
}

/// The output for a picture, with a script as the reader.
async fn read_with_script(folder: &Path, script: &str) -> Result<Vec<u8>, SandboxError> {
    use std::os::unix::fs::PermissionsExt as _;
    let program = folder.join("reader");
    // Another thread may be starting a program, which inherits the open file until it executes, and
    // an open file cannot be run.
    std::fs::write(folder.join("script"), script).unwrap();
    std::fs::write(
        &program,
        format!("#!/bin/sh\n. {}\n", folder.join("script").display()),
    )
    .unwrap();
    std::fs::set_permissions(&program, std::fs::Permissions::from_mode(0o700)).unwrap();
    let input = || futures::stream::iter([Ok::<_, SandboxError>(Bytes::from_static(b"a picture"))]);
    let sandbox = Sandbox::with_program(program);
    for _ in 0..50 {
        match sandbox.run(Upload::Picture, input()).await {
            Err(SandboxError::Busy) => tokio::time::sleep(Duration::from_millis(100)).await,
            read => return read,
        }
    }
    panic!("the script does not start");
}

on_sqlite!(whoever_reads_an_upload_has_nothing_else);
async fn whoever_reads_an_upload_has_nothing_else(app: TestApp) {
    let folder = app.folder.path();
    assert_eq!(
        read_with_script(folder, "exec /bin/cat").await.unwrap(),
        b"a picture"
    );
    let seen = read_with_script(
        folder,
        "echo \"$1 $2\"; /bin/pwd; /usr/bin/env; /bin/ls -1 /proc/self/fd",
    )
    .await
    .unwrap();
    let seen = String::from_utf8(seen).unwrap();
    let lines: Vec<_> = seen
        .lines()
        .filter(|line| {
            !["PWD=", "SHLVL=", "_=", "OLDPWD="]
                .iter()
                .any(|own| line.starts_with(own))
        })
        .collect();
    // The shell's own variables, and the folder listed by `ls`.
    assert!(lines.starts_with(&["read-upload picture", "/"]), "{seen}");
    assert!(
        !seen.contains("CARGO") && !seen.contains("HOME="),
        "no variable of ours: {seen}"
    );
    if cfg!(target_os = "linux") {
        let open: Vec<_> = lines[2..]
            .iter()
            .filter(|line| line.parse::<u32>().is_ok())
            .collect();
        let usual = Command::new("/bin/ls")
            .args(["-1", "/proc/self/fd"])
            .output()
            .unwrap()
            .stdout;
        let usual = String::from_utf8(usual).unwrap().lines().count();
        assert!(
            open.len() <= usual.max(5),
            "no file of ours is open: {seen}"
        );
    }
    for script in [
        "exit 1",
        "kill -KILL $$",
        "echo half; exit 3",
        "exec /bin/cat /dev/zero",
    ] {
        assert!(
            matches!(
                read_with_script(folder, script).await,
                Err(SandboxError::Unreadable)
            ),
            "{script}"
        );
    }
    let nowhere = Sandbox::with_program("/nowhere".into());
    let input = futures::stream::iter([Ok::<_, SandboxError>(Bytes::new())]);
    assert!(matches!(
        nowhere.run(Upload::Table, input).await,
        Err(SandboxError::Busy)
    ));
}

/// The child process that waits for an upload is under its limits before it reads any.
#[test]
fn whoever_reads_an_upload_is_bounded() {
    for upload in ["table", "picture", "document"] {
        let mut child = Command::new(env!("CARGO_BIN_EXE_microgrants"))
            .args(["read-upload", upload])
            .env_clear()
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let (since, path) = (Instant::now(), format!("/proc/{}/limits", child.id()));
        let says = |limits: &str, name: &str| {
            let line = limits
                .lines()
                .find(|line| line.starts_with(name))
                .unwrap_or_default()
                .to_owned();
            line[name.len().min(line.len())..]
                .split_whitespace()
                .take(2)
                .map(str::to_owned)
                .collect::<Vec<_>>()
        };
        let limits = loop {
            let limits = std::fs::read_to_string(&path).unwrap();
            if says(&limits, "Max open files") == ["0", "0"] {
                break limits;
            }
            assert!(since.elapsed() < Duration::from_secs(20), "{limits}");
            std::thread::sleep(Duration::from_millis(20));
        };
        assert_eq!(
            says(&limits, "Max address space"),
            ["805306368", "805306368"]
        );
        assert_eq!(says(&limits, "Max cpu time"), ["30", "30"]);
        assert_eq!(says(&limits, "Max core file size"), ["0", "0"]);
        drop(child.stdin.take());
        // Empty input is no picture; as a table or a PDF it has an answer and is no failure.
        assert_eq!(child.wait().unwrap().success(), upload != "picture");
    }
}
