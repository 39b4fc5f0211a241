-- The files of kept forms. A row is deleted with its form. `typist` is the keyed digest of the
-- person for whom the form's page was made; `sealed` is encrypted as the form is.
CREATE TABLE kept_files (
    organisation text NOT NULL,
    browser text NOT NULL,
    page text NOT NULL,
    file text NOT NULL,
    typist text NOT NULL,
    sealed bytea NOT NULL,
    PRIMARY KEY (organisation, browser, page, file)
);
CREATE INDEX kept_files_typist ON kept_files (organisation, typist);
