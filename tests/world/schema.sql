-- What the daemon's MySQL plugin reads at schema version 3; the columns of VOMS-Admin are left out.
CREATE TABLE version (version INT PRIMARY KEY);
INSERT INTO version VALUES (3);

CREATE TABLE ca (cid SMALLINT PRIMARY KEY, subject_string VARCHAR(255) NOT NULL);
CREATE TABLE usr (userid BIGINT PRIMARY KEY, name VARCHAR(64) NOT NULL);
CREATE TABLE certificate (
  id BIGINT AUTO_INCREMENT PRIMARY KEY,
  usr_id BIGINT NOT NULL,
  ca_id SMALLINT NOT NULL,
  subject_string VARCHAR(255) NOT NULL,
  suspended BIT(1) NOT NULL,
  suspended_reason VARCHAR(255)
);

CREATE TABLE `groups` (gid BIGINT PRIMARY KEY, dn VARCHAR(255) NOT NULL);
CREATE TABLE roles (rid BIGINT PRIMARY KEY, role VARCHAR(255) NOT NULL);
-- Who is where: a row without role is membership of the group.
CREATE TABLE m (userid BIGINT NOT NULL, gid BIGINT NOT NULL, rid BIGINT, UNIQUE (userid, gid, rid));

-- Generic attributes: names, and the values that users, groups and holders of a role in a group have.
CREATE TABLE attributes (a_id BIGINT PRIMARY KEY, a_name VARCHAR(255) NOT NULL);
CREATE TABLE usr_attrs (a_id BIGINT NOT NULL, u_id BIGINT NOT NULL, a_value VARCHAR(255));
CREATE TABLE group_attrs (a_id BIGINT NOT NULL, g_id BIGINT NOT NULL, a_value VARCHAR(255));
CREATE TABLE role_attrs (a_id BIGINT NOT NULL, g_id BIGINT NOT NULL, r_id BIGINT NOT NULL, a_value VARCHAR(255));
