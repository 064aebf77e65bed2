// Command sumdb verifies an exported audit log with the code that Go's checksum database uses.
//
//	sumdb BUNDLE LOG.VKEY                      signature, leaves, tree, each entry, each release
//	sumdb BUNDLE LOG.VKEY CHECKPOINT PROOF     also that the tree extends a kept checkpoint:
//	                                           PROOF is our consistency proof, a line of base64 a hash
//
// Nothing here is shared with the service but the format: signed notes and the tree are those of
// golang.org/x/mod/sumdb. Exit code 1 and one line on standard error say what does not hold.
package main

import (
	"archive/zip"
	"bufio"
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"sort"
	"strings"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

// What the leaves commit to: SHA-256 of this, the salt and the entry's canonical JSON.
const domain = "tre-audit-entry/v1\x00"

// The first line that tlog reads before size and root; every other log has an origin of its own there.
const goOrigin = "go.sum database tree\n"

type line struct {
	Entry string
	Index int64
	Leaf  []byte
	Salt  []byte
}

type release struct {
	Log struct {
		Entry string
		Salt  []byte
		Proof string
	}
}

// A log is the stored hashes of tlog, rebuilt from the entries' own leaves.
type log struct {
	stored []tlog.Hash
	size   int64
}

func (l *log) ReadHashes(indexes []int64) ([]tlog.Hash, error) {
	out := make([]tlog.Hash, len(indexes))
	for i, index := range indexes {
		if index >= int64(len(l.stored)) {
			return nil, errors.New("a hash beyond the log")
		}
		out[i] = l.stored[index]
	}
	return out, nil
}

func main() {
	if len(os.Args) != 3 && len(os.Args) != 5 {
		fmt.Fprintln(os.Stderr, "usage: sumdb BUNDLE LOG.VKEY [CHECKPOINT PROOF]")
		os.Exit(2)
	}
	said, err := verify(os.Args[1:])
	if err != nil {
		fmt.Fprintln(os.Stderr, "not verified:", err)
		os.Exit(1)
	}
	fmt.Println(said)
}

func verify(arguments []string) (string, error) {
	members, err := unzip(arguments[0])
	if err != nil {
		return "", err
	}
	verifier, err := verifierOf(arguments[1])
	if err != nil {
		return "", err
	}
	head, err := checkpoint(members["checkpoint"], verifier)
	if err != nil {
		return "", fmt.Errorf("checkpoint: %w", err)
	}
	tree, err := entries(members["entries.jsonl"])
	if err != nil {
		return "", err
	}
	if err := held(tree, head); err != nil {
		return "", err
	}
	releases, err := checkReleases(members, verifier, tree, head)
	if err != nil {
		return "", err
	}
	said := fmt.Sprintf("verified: %d entries and %d releases", tree.size, releases)
	if len(arguments) == 4 {
		older, err := consistent(arguments[2], arguments[3], verifier, head)
		if err != nil {
			return "", err
		}
		said += fmt.Sprintf(", extending %d", older)
	}
	return said, nil
}

func unzip(path string) (map[string][]byte, error) {
	archive, err := zip.OpenReader(path)
	if err != nil {
		return nil, err
	}
	defer archive.Close()
	members := map[string][]byte{}
	for _, file := range archive.File {
		reader, err := file.Open()
		if err != nil {
			return nil, err
		}
		if members[file.Name], err = io.ReadAll(reader); err != nil {
			return nil, err
		}
		reader.Close()
	}
	return members, nil
}

func verifierOf(path string) (note.Verifier, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	return note.NewVerifier(strings.TrimSpace(string(text)))
}

// checkpoint opens a signed note and reads size and root as tlog does.
func checkpoint(signed []byte, verifier note.Verifier) (tlog.Tree, error) {
	opened, err := note.Open(signed, note.VerifierList(verifier))
	if err != nil {
		return tlog.Tree{}, err
	}
	origin := verifier.Name() + "\n"
	if !strings.HasPrefix(opened.Text, origin) {
		return tlog.Tree{}, errors.New("of another log")
	}
	return tlog.ParseTree([]byte(goOrigin + strings.TrimPrefix(opened.Text, origin)))
}

func leafOf(entry string, salt []byte) tlog.Hash {
	commitment := sha256.Sum256(append(append([]byte(domain), salt...), entry...))
	return tlog.RecordHash(commitment[:])
}

// entries rebuilds the stored hashes from each line's own words, and holds its stated leaf against them.
func entries(text []byte) (*log, error) {
	tree := &log{}
	lines := bufio.NewScanner(bytes.NewReader(text))
	for lines.Scan() {
		var said line
		if err := json.Unmarshal(lines.Bytes(), &said); err != nil {
			return nil, fmt.Errorf("entry %d: %w", tree.size, err)
		}
		leaf := leafOf(said.Entry, said.Salt)
		if !bytes.Equal(leaf[:], said.Leaf) || said.Index != tree.size {
			return nil, fmt.Errorf("entry %d: not its leaf or not its place", tree.size)
		}
		hashes, err := tlog.StoredHashesForRecordHash(tree.size, leaf, tree)
		if err != nil {
			return nil, err
		}
		tree.stored = append(tree.stored, hashes...)
		tree.size++
	}
	return tree, lines.Err()
}

// held checks the whole tree against the signed one, and every entry by a proof of tlog's own.
func held(tree *log, head tlog.Tree) error {
	if tree.size != head.N {
		return fmt.Errorf("%d entries, %d are signed", tree.size, head.N)
	}
	root, err := tlog.TreeHash(tree.size, tree)
	if err != nil {
		return err
	}
	if root != head.Hash {
		return errors.New("the entries have another root than the signed one")
	}
	for index := int64(0); index < tree.size; index++ {
		proof, err := tlog.ProveRecord(tree.size, index, tree)
		if err != nil {
			return err
		}
		leaf := tree.stored[tlog.StoredHashIndex(0, index)]
		if err := tlog.CheckRecord(proof, tree.size, head.Hash, index, leaf); err != nil {
			return fmt.Errorf("entry %d: %w", index, err)
		}
	}
	return nil
}

// checkReleases holds our inclusion proof of each release's entry, under the checkpoint that stands in it.
func checkReleases(members map[string][]byte, verifier note.Verifier, tree *log, head tlog.Tree) (int, error) {
	var names []string
	for name := range members {
		if strings.HasPrefix(name, "releases/") && strings.HasSuffix(name, "/release.json") {
			names = append(names, name)
		}
	}
	sort.Strings(names)
	for _, name := range names {
		var said release
		if err := json.Unmarshal(members[name], &said); err != nil {
			return 0, fmt.Errorf("%s: %w", name, err)
		}
		leaf := leafOf(said.Log.Entry, said.Log.Salt)
		older, err := included(said.Log.Proof, leaf, verifier)
		if err != nil {
			return 0, fmt.Errorf("%s: %w", name, err)
		}
		proof, err := tlog.ProveTree(head.N, older.N, tree)
		if err != nil {
			return 0, fmt.Errorf("%s: %w", name, err)
		}
		if err := tlog.CheckTree(proof, head.N, head.Hash, older.N, older.Hash); err != nil {
			return 0, fmt.Errorf("%s: its checkpoint: %w", name, err)
		}
	}
	return len(names), nil
}

// included checks a text of c2sp.org/tlog-proof: header, index, hashes, an empty line, the checkpoint.
func included(text string, leaf tlog.Hash, verifier note.Verifier) (tlog.Tree, error) {
	top, signed, found := strings.Cut(text, "\n\n")
	lines := strings.Split(top, "\n")
	if !found || len(lines) < 2 || lines[0] != "c2sp.org/tlog-proof@v1" {
		return tlog.Tree{}, errors.New("not a proof")
	}
	var index int64
	if _, err := fmt.Sscanf(lines[1], "index %d", &index); err != nil {
		return tlog.Tree{}, err
	}
	hashes, err := hashesOf(lines[2:])
	if err != nil {
		return tlog.Tree{}, err
	}
	tree, err := checkpoint([]byte(signed), verifier)
	if err != nil {
		return tlog.Tree{}, err
	}
	return tree, tlog.CheckRecord(hashes, tree.N, tree.Hash, index, leaf)
}

// consistent checks our proof that the bundle's tree extends a kept checkpoint.
func consistent(kept, proof string, verifier note.Verifier, head tlog.Tree) (int64, error) {
	signed, err := os.ReadFile(kept)
	if err != nil {
		return 0, err
	}
	older, err := checkpoint(signed, verifier)
	if err != nil {
		return 0, fmt.Errorf("the kept checkpoint: %w", err)
	}
	text, err := os.ReadFile(proof)
	if err != nil {
		return 0, err
	}
	hashes, err := hashesOf(strings.Fields(string(text)))
	if err != nil {
		return 0, err
	}
	return older.N, tlog.CheckTree(tlog.TreeProof(hashes), head.N, head.Hash, older.N, older.Hash)
}

func hashesOf(lines []string) (tlog.RecordProof, error) {
	hashes := tlog.RecordProof{}
	for _, text := range lines {
		raw, err := base64.StdEncoding.Strict().DecodeString(text)
		if err != nil || len(raw) != tlog.HashSize {
			return nil, errors.New("a proof with something that is no hash")
		}
		var hash tlog.Hash
		copy(hash[:], raw)
		hashes = append(hashes, hash)
	}
	return hashes, nil
}
