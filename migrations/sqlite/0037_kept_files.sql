-- The files of kept forms. A row is deleted with its form. `typist` is the keyed digest of the
-- person for whom the form's page was made; `sealed` is encrypted as the form is.
CREATE TABLE kept_files (
    organisation TEXT NOT NULL,
    browser TEXT NOT NULL,
    page TEXT NOT NULL,
    file TEXT NOT NULL,
    typist TEXT NOT NULL,
    sealed BLOB NOT NULL,
    PRIMARY KEY (organisation, browser, page, file)
) STRICT;
CREATE INDEX kept_files_typist ON kept_files (organisation, typist);
