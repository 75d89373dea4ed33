-- What notary-server and notary-signer 0.7 want in PostgreSQL: they make no tables themselves. Each has its own user and
-- database, so that a hole in the one that faces the network does not open the keys of the other.
CREATE USER notary_server;
CREATE USER notary_signer;
CREATE DATABASE notary_server OWNER notary_server;
CREATE DATABASE notary_signer OWNER notary_signer;

\connect notary_server notary_server
CREATE TABLE tuf_files (
  id serial PRIMARY KEY,
  created_at timestamptz,
  updated_at timestamptz,
  deleted_at timestamptz,
  gun varchar(255) NOT NULL,
  role varchar(255) NOT NULL,
  version integer NOT NULL,
  sha256 char(64),
  data bytea NOT NULL,
  -- Of two uploads of one version at once, one is refused by this.
  UNIQUE (gun, role, version)
);
CREATE INDEX ON tuf_files (sha256);
CREATE TABLE changefeed (
  id serial PRIMARY KEY,
  created_at timestamptz DEFAULT current_timestamp,
  gun varchar(255) NOT NULL,
  version integer NOT NULL,
  sha256 char(64),
  category varchar(20) NOT NULL
);

\connect notary_signer notary_signer
CREATE TABLE private_keys (
  id serial PRIMARY KEY,
  created_at timestamptz,
  updated_at timestamptz,
  deleted_at timestamptz,
  key_id varchar(255) NOT NULL UNIQUE,
  encryption_alg varchar(255) NOT NULL,
  keywrap_alg varchar(255) NOT NULL,
  algorithm varchar(50) NOT NULL,
  passphrase_alias varchar(50) NOT NULL,
  gun varchar(255) NOT NULL,
  role varchar(255) NOT NULL,
  public bytea NOT NULL,
  private bytea NOT NULL,
  last_used timestamptz
);
