/*
 * Bringing over what is to last of a box that lies apart from its trace (place.h): NAME.box in the trace's directory, by plain
 * writes into NAME.box.part and rename. It is a box of its own, packed: tables without their free entries, dictionaries as far as they are
 * used, chunks one after the other.
 *
 * At a failure the evidence: everything that names need, the notes, the newest chunks; at most COPY_EVIDENCE_BYTES (signatures beyond
 * COPY_SIGNATURE_BYTES: those of the beginning and the newest) and COPY_EVIDENCE_NS, after which no more is begun. A single write to a
 * server that hangs can't be bounded. At the end of the process the whole box, and what lay apart is removed; segments of --keep all stay
 * for who folds them. Called with or without the GIL, on any thread; where two would copy, the second goes on at once. No malloc.
 */
#ifndef SHAPEBOX_LIBSHIM_COPY_H
#define SHAPEBOX_LIBSHIM_COPY_H

#include <stdbool.h>

#define COPY_EVIDENCE_BYTES (4ull << 20)
#define COPY_SIGNATURE_BYTES (3ull << 19)
#define COPY_TABLE_BYTES (5ull << 18) /* of the evidence: tables of the whole run */
#define COPY_EVIDENCE_NS 2000000000ull
#define COPY_ALL_NS 10000000000ull

/* A note of a failure was published. FATAL: the process is ending of it; else it may be one of many that the program handles, which
 * are copied as long as that takes less than a hundredth of the time. */
void copy_evidence(bool fatal);

/* The process is ending. */
void copy_all(void);

#endif
