/*
 * ranks DIR RANKS OPERATIONS [SEED [lengths]]: a trace of RANKS ranks with OPERATIONS operations each, in the real format, made by
 * the real fold. One rank leaves out one operation at a place that SEED decides; it is printed.
 *
 * With `lengths` every rank has sizes of its own in each step. Without, all others are equal: their databases are copies of one
 * that was folded, with their own number in table process; so is that of equal ranks, but for times and identities, which the
 * comparison doesn't read.
 */
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "schema/fold.h"
#include "tests/unit/rank_maker.h"

#define STEP_OPERATIONS 1000 /* as many as a small transformer has */
#define KINDS 40             /* call sites within a step */

struct plan { const char *dir; int ranks, odd; int64_t operations, odd_at; bool lengths; };

static uint64_t
random_next(uint64_t *state)
{
	*state = *state * 6364136223846793005ull + 1442695040888963407ull;
	return *state >> 33;
}

static void
operation_make(struct rank_maker *rank, const struct plan *plan, int number, int64_t at)
{
	int kind = (int)(at % KINDS);
	int64_t rows = plan->lengths ? 16 + (at / STEP_OPERATIONS * 7 + number * 5) % 48 : 32;
	const int64_t x[] = { rows, 64 + kind }, w[] = { 64, 64 + kind }, y[] = { rows, 64 };
	struct maker_words in = { 0 }, out = { 0 };

	rank_tensor(rank, &in, 6, 2, x);
	rank_tensor(rank, &in, 6, 2, w);
	rank_tensor(rank, &out, 6, 2, y);
	rank_operation(rank, kind % 3 ? "aten::linear" : "aten::matmul", "input,weight", RANK_MODEL, 10 + kind, &in, &out, 0);
}

static bool
rank_make(const struct plan *plan, int number, const char *db)
{
	struct rank_maker rank;
	char box[4096], error[512];
	bool ok;

	rank_begin(&rank, number, plan->ranks, "node");
	for (int64_t at = 0; at < plan->operations; at++) {
		if (at && at % STEP_OPERATIONS == 0)
			rank_step(&rank);
		if (number != plan->odd || at != plan->odd_at)
			operation_make(&rank, plan, number, at);
	}
	snprintf(box, sizeof box, "%s/making.tmp", plan->dir);
	ok = box_maker_write(&rank.box, box) && fold_box(box, db, true, NULL, error, sizeof error);
	if (!ok)
		fprintf(stderr, "ranks: %s\n", error);
	unlink(box);
	rank_free(&rank);
	return ok;
}

static bool
file_copy(const char *from, const char *to)
{
	FILE *in = fopen(from, "rb"), *out = fopen(to, "wb");
	static char bytes[1 << 20];
	size_t n;
	bool ok = in && out;

	while (ok && (n = fread(bytes, 1, sizeof bytes, in)) > 0)
		ok = fwrite(bytes, 1, n, out) == n;
	if (in)
		fclose(in);
	return out && fclose(out) == 0 && ok;
}

static bool
rank_copy(const char *from, const char *to, int number)
{
	sqlite3 *db = NULL;
	char sql[128];
	bool ok;

	snprintf(sql, sizeof sql, "PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF; UPDATE process SET rank = %d, local_rank = %d", number, number);
	ok = file_copy(from, to) && sqlite3_open(to, &db) == SQLITE_OK && sqlite3_exec(db, sql, NULL, NULL, NULL) == SQLITE_OK;
	sqlite3_close(db);
	return ok;
}

int
main(int argc, char **argv)
{
	struct plan plan = { 0 };
	char first[4096] = "", path[4096];
	uint64_t seed;

	if (argc < 4) {
		fprintf(stderr, "usage: ranks DIR RANKS OPERATIONS [SEED [lengths]]\n");
		return 2;
	}
	plan.dir = argv[1];
	plan.ranks = atoi(argv[2]);
	plan.operations = atoll(argv[3]);
	seed = argc > 4 ? strtoull(argv[4], NULL, 10) : 1;
	plan.lengths = argc > 5;
	random_next(&seed);
	plan.odd = (int)(random_next(&seed) % (uint64_t)plan.ranks);
	plan.odd_at = (int64_t)(random_next(&seed) % (uint64_t)plan.operations);
	mkdir(plan.dir, 0777);
	for (int number = 0; number < plan.ranks; number++) {
		bool copied = !plan.lengths && number != plan.odd && first[0];

		snprintf(path, sizeof path, "%s/rank%d-5000.db", plan.dir, number);
		if (!(copied ? rank_copy(first, path, number) : rank_make(&plan, number, path)))
			return 1;
		if (!plan.lengths && number != plan.odd && !first[0])
			strcpy(first, path);
	}
	printf("%d %lld %lld\n", plan.odd, (long long)(plan.odd_at / STEP_OPERATIONS), (long long)(plan.odd_at % STEP_OPERATIONS));
	return 0;
}
