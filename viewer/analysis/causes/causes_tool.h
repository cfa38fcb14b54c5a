/*
 * What the rules of causes.def share: questions about the facts, and ways to say the answer.
 */
#ifndef SHAPEBOX_VIEWER_ANALYSIS_CAUSES_TOOL_H
#define SHAPEBOX_VIEWER_ANALYSIS_CAUSES_TOOL_H

#include "causes.h"
#include "code/code.h"

#define CAUSE_SHAPE_MOST 8

/* Does the failed operation's mismatch have PROPERTY? */
bool cause_disagrees(const struct cause_facts *facts, const char *property);
/* Was it raised by Python code rather than by an operation? (The event may then be one that was made of what it says.) */
bool cause_is_raised(const struct cause_facts *facts);
/* Is the failed operation among the blank-separated plain NAMES ("cat", "index_put")? */
bool cause_is(const struct cause_facts *facts, const char *names);
/* Is it one that takes two tensors element by element? */
bool cause_is_elementwise(const struct cause_facts *facts);
/* What the code calls the operand at PLACE: its variable, else the argument's name. */
const char *cause_operand_name(const struct cause_facts *facts, int place);
/* The same of SIDE's operand; where no variable holds it, the variable that views on the failing line made it of. */
const char *cause_viewed_name(const struct cause_facts *facts, const struct cause_side *side);
const char *cause_argument(const struct cause_facts *facts, int place);
/* The module that runs, by its path: of the innermost frame that has one; NULL. */
const char *cause_module(const struct cause_facts *facts);
/* Counts of the operand's values; NULL if there are none. */
const json_t *cause_summary(const struct cause_facts *facts, int place);
/* KEY of a summary, MISSING if it isn't known. */
int64_t cause_count(const json_t *summary, const char *key, int64_t missing);

/* The step of SIDE's story that decided its size; NULL if unknown. */
const struct lineage_step *cause_decider(const struct cause_side *side);
/* Is that by one of the plain NAMES? */
bool cause_decided_by(const struct cause_side *side, const char *names);
/* The first step of SIDE's story, up to what decided it, by one of NAMES. */
const struct lineage_step *cause_step(const struct cause_side *side, const char *names);
/* The same, up to where the story ends. */
const struct lineage_step *cause_step_any(const struct cause_side *side, const char *names);
/* Does SIDE's story have that event? */
bool cause_goes_through(const struct cause_side *side, int64_t event);
/* The longest piece that CAT put together: as long as all together where the others had nothing (a cache's first call); 0: not known. */
int64_t cause_longest_piece(const struct lineage_step *cat);
/* The first cat that added something of LARGE's story before it meets SMALL's; NULL. */
const struct lineage_step *cause_own_cat(const struct cause_side *large, const struct cause_side *small);
/* Is what stands at PLACE a parameter, or any leaf that requires grad, as a variable shows? */
bool cause_is_parameter(const struct cause_facts *facts, int place);
/* Was SIDE's size decided before the line was called for the last time (a buffer, a parameter, a cache)? */
bool cause_is_old(const struct cause_facts *facts, const struct cause_side *side);
/* Is a file whose path has PART among the frames? */
bool cause_runs_in(const struct cause_facts *facts, const char *part);
/* "aten::unfold at video.py:27" of an event alone, into TEXT. */
void cause_add_event(const struct cause_facts *facts, struct text *text, const struct event *event);
/* "aten::unfold at video.py:27 (size 16, step 16 over 735)" into TEXT. */
void cause_add_step(const struct cause_facts *facts, struct text *text, const struct lineage_step *step);
/* "the 45 was decided by ..." of STEP; where it only read what is no longer kept, says so. */
void cause_add_decided(const struct cause_facts *facts, struct text *text, int64_t size, const struct lineage_step *step);
/* " (train.py:25)": the first line of the program's files that are in the frames which has WORD; false if none has. For a fix, no evidence. */
bool cause_add_asked(const struct cause_facts *facts, struct text *text, const char *word);
/* The same, with the line of source, and the name that carries VALUE there. */
void cause_add_line(const struct cause_facts *facts, struct text *text, const struct lineage_step *step, int64_t value);
/* Which operand of LAYER is its weight: so called, or, as with a tied table, what is transposed; -1. */
int cause_weight_place(const struct event *layer);
/* Which of SIDE's steps made the weight of the step before it (the layer), which so decided the size; NULL. */
const struct lineage_step *cause_weight_made(const struct cause_side *side);
/* Opens the file that STEP's operation was called from (its name without folders in FILE): the number of that line; 0, and nothing is open, if it can't be read. */
int cause_open(const struct cause_facts *facts, const struct lineage_step *step, struct code *code, char *file, size_t size);
/* The same file's statements, of the function around that line (code_statements), the last of at most MOST of them in OUT: how many, 0 if they can't be read. LINE gets its number. */
int cause_statements(const struct cause_facts *facts, const struct lineage_step *step, struct code_statement *out, int most, char *file, size_t size, int *line);
/* The line of source that STEP's operation was called from, in OUT; false if it can't be read. */
bool cause_source(const struct cause_facts *facts, const struct lineage_step *step, char *out, size_t size);
/* The name that carries SIDE's size on the line that decided it, or is a limit by name; NULL. What LARGER exceeds can't be
 * a maximum that was measured. */
const json_t *cause_cut_by(const struct cause_facts *facts, const struct cause_side *side, int64_t larger);
/* A limit, by name, that SIDE's size was at some step of its story, and that step; NULL. */
const json_t *cause_limit_before(const struct cause_facts *facts, const struct cause_side *side, const struct lineage_step **step);
/* The name that carries VALUE on the line of STEP; NULL. */
const json_t *cause_number_at(const struct cause_facts *facts, const struct lineage_step *step, int64_t value);
/* Was STEP taken while an object was built: is its line, the chosen of its frames, in an __init__? */
bool cause_is_built(const struct cause_facts *facts, const struct lineage_step *step);
/* The whole number that EVENT read from a tensor's only element, and that tensor; false if it is no such operation. */
bool cause_read_value(const struct event *event, int64_t *value, int64_t *tensor);
/* The window that STEP (unfold, convolution, pooling) moved over its dimension; false where it is no such operation. */
struct cause_window { int64_t over, extent /* dilation counted */, stride, padding; bool unfolds; };
bool cause_window(const struct lineage_step *step, struct cause_window *out);
/* What a strided operation (unfold, convolution, pooling) left over at STEP, its window being moved by STRIDE over OVER; 0 if
 * nothing. A convolution whose padding makes up for it has rounded up: it leaves what OVER is beyond a multiple of STRIDE. */
int64_t cause_rest(const struct lineage_step *step, int64_t *over, int64_t *stride);

/* Two lists were cut at one limit, and part by a few that one got in front or behind since (made_beside tells it): not one of them alone was cut. */
bool cause_cut_apart(const struct cause_facts *facts);

/* STEP is of a checkpointed block's recomputation: in how many steps before it made the same as in the forward, if in all of them; 0. */
int64_t cause_same_both_times(const struct cause_facts *facts, const struct lineage_step *step);

/* STEP decided the size of side 0 as its block was run again: what made it another, as far as its code and the steps before tell. */
void cause_tell_recomputed(const struct cause_facts *facts, const struct lineage_step *step, struct cause *out);
/* The same of a STEP by values: the random numbers that they rest on, or what was written to in between. */
void cause_tell_drawn(const struct cause_facts *facts, const struct lineage_step *step, struct cause *out);

/* What was new first on SIDE's way, against what its line made before, and what became of it up to the failure; false where nothing was. */
bool cause_tell_new(const struct cause_facts *facts, struct text *text, const struct cause_side *side);
/* As evidence of a cause that doesn't tell it: the first step on the sides' ways that made a size new to its line, and what it made before. */
void cause_add_went_off(const struct cause_facts *facts, struct cause *out);
/* Where something is new: that the step it fails in is a number by name, of when something begins ("settings.augment_after"). */
void cause_add_began(const struct cause_facts *facts, struct cause *out);

/* What STEP's line made of its dimension before, as far as kept; false where that isn't known, or too few calls tell anything. */
bool cause_made_before(const struct cause_facts *facts, const struct lineage_step *step, struct usual *out);

/* "input this time comes from ..., in the call before from ..." of the operand at PLACE (dimension DIM, or its PROPERTY), if that was another line. */
void cause_add_otherwise(const struct cause_facts *facts, struct text *text, int place, int dim, enum lineage_property property);

/* The program's function in which both ONE and OTHER were made, in OUT: that of both lines, or the nearest one that called both, if it isn't a part of
 * the way to the failure, as what runs everything is. */
bool cause_made_in(const struct cause_facts *facts, const struct lineage_step *one, const struct lineage_step *other, char *out, size_t size);

/* The same of a cat or stack that was given another number of pieces than in the call before. */
void cause_add_pieces(struct text *text, const struct event *event, int dim); /* "16 + 16 + 20" of what EVENT puts together along DIM */
bool cause_tell_pieces(const struct cause_facts *facts, const struct lineage_step *step, struct text *text, struct text *fix);
/* SIDE went through a slice that takes every n-th: says so (TEXT, a clause), what earlier calls took, and what to change (FIX); false if it didn't. */
bool cause_add_every(const struct cause_facts *facts, const struct cause_side *side, struct text *text, struct text *fix);
/* How wide the pieces are that STEP, a cat along its dimension, puts together, all alike; 0: it is none, or they aren't. */
int64_t cause_piece_width(const struct lineage_step *step);
/* SIDE's size was put together of equal pieces, of which several more make the WANTED (or of one alone): says so (TEXT, a clause), with the line and its list, and what to
 * change (FIX); false if it wasn't. */
bool cause_tell_fewer(const struct cause_facts *facts, const struct cause_side *side, int64_t wanted, struct text *text, struct text *fix);
/* Did STEP, a slice, end before it had the WANTED that it asked for, its tensor being too short? START gets where it begins, END
 * where what there is ends. */
bool cause_ran_out(const struct lineage_step *step, int64_t wanted, int64_t *start, int64_t *end);
/* STEP is a SLICE that ends where it begins or before, so that nothing is left of OPERAND: says so in OUT, with what its bounds are called, and what to change. */
struct slice;
void cause_tell_turned(const struct cause_facts *facts, struct cause *out, const struct lineage_step *step, const struct slice *slice, const char *operand);
/* What STEP did to make the size of NAME what it is where WANTED are wanted (TEXT, a clause), and what to change (FIX); false where
 * its kind tells nothing. */
bool cause_tell_step(const struct lineage_step *step, const char *name, int64_t wanted, struct text *text, struct text *fix);

/* The step of SIDE's story that repeated FROM to what SIDE has; NULL. */
const struct lineage_step *cause_repeated(const struct cause_side *side, int64_t from);

/* SIDE's rows were repeated by counts that were bounded (clamp) on the way: says so in TEXT, a clause, and what to change in FIX; PROVEN: before that they
 * were the counts of WANTED items. False where it isn't so. */
bool cause_tell_bounded_counts(const struct cause_facts *facts, const struct cause_side *side, int64_t wanted, struct text *text, struct text *fix, bool *proven);

/* SIDE's SIZE is what was put together of chunks, cut one after the other, that don't reach the end of what has the WANTED (in part of a product of sizes): says so,
 * a clause of OUT's text, and what to change in its fix. False where it isn't so. */
bool cause_tell_chunks(const struct cause_facts *facts, const struct cause_side *side, int64_t size, int64_t wanted, struct cause *out);

/* ONE and OTHER, which decided the two sides' sizes, are of one line of a library, called by two lines of the program: says so in OUT; false if not. */
bool cause_tell_called(const struct cause_facts *facts, const struct lineage_step *one, const struct lineage_step *other, struct cause *out);

/* STEP counted the positions of side COUNTED, another number than what OTHER has: says in OUT's fix what to count by. */
void cause_tell_count(const struct cause_facts *facts, struct cause *out, const struct lineage_step *step, const struct cause_side *counted, const struct cause_side *other);

/* The index is out of the classes of a table that was built one larger than a number by name (`num_labels + 1`): says so, and what to change; false if it wasn't. */
bool cause_tell_one_more(const struct cause_facts *facts, struct cause *out);
/* OUT's setting, which the index is beyond, counts classes: says so, and what to change; false if it doesn't. */
bool cause_tell_classes(const struct cause_facts *facts, struct cause *out);

/* The operand at INPUT, of DTYPE, was made for layers of that dtype, which ran since, and goes into the model of the parameter at WEIGHT, which is in another (PARAMETER): says so, and
 * what to change; false if no such layer ran. */
bool cause_tell_two_models(const struct cause_facts *facts, struct cause *out, int weight, int input, const char *parameter, const char *dtype);
/* The line took inputs of DTYPE from the same maker in every earlier call, with weights of DTYPE: the weight at WEIGHT, in PARAMETER, is the exception (a copy that was cast): says
 * so, and what to change; false if it isn't so. */
bool cause_tell_cast_copy(const struct cause_facts *facts, struct cause *out, int weight, int input, const char *parameter, const char *dtype);

/* The message tells shapes of processes that differ in one dimension: says so, and why, and what to change; false if it tells none. */
bool cause_tell_ranks(const struct cause_facts *facts, struct cause *out);

/* Parameters of the model in DTYPE and in floating dtypes at all (ALL). */
int64_t cause_parameters_in(const struct cause_facts *facts, const char *dtype, int64_t *all);

/* SIDE's dtype is half precision and autocast made it so, or the tensor that it took its dtype from: says so, a clause of TEXT; false where that isn't known. */
bool cause_add_autocast(const struct cause_facts *facts, struct text *text, const struct cause_side *side);

/* Has IS two channels of a recording in DIM: 2 there, of many values each? */
bool cause_is_stereo(const struct operand *is, int dim);
/* IS has another number of channels in DIM than WANTED, as a picture of another mode has: which it is (TEXT), and what to change (FIX). */
bool cause_tell_mode(const struct operand *is, int dim, int64_t wanted, struct text *text, struct text *fix);

/* The N-th shape ("[2, 24, 3]", "torch.Size([2, 3])", "(8, 4, 4)") that the message tells; how many dimensions, -1. */
int cause_message_shape(const char *message, int n, int64_t *sizes);
/* Does the message say that something is too much? */
bool cause_tells_excess(const char *message);
/* The word after MARK in the message (letters, digits, '_', '.'), in OUT; false if there is none. */
bool cause_message_word(const char *message, const char *mark, char *out, size_t size);

/* A local variable of the program's frames for which ASK says yes, innermost frame first; NULL. */
const json_t *cause_local(const struct cause_facts *facts, bool (*ask)(const json_t *local, void *context), void *context);
int64_t cause_local_size(const json_t *local, size_t dim);

/* The name that best carries VALUE among the numbers in reach; NULL if none does, or if it may well be chance: a small
 * number, or one that many names carry, unless the name says what is looked for. HINTS: blank-separated parts of names
 * that do ("position max cache"); may be "". */
const json_t *cause_named_number(const struct cause_facts *facts, int64_t value, const char *hints);
/* The number of VALUE whose last name is a part of PATH ("model.tables.day_of_year.weight": SIZES['day_of_year']); NULL. */
const json_t *cause_number_of_path(const struct cause_facts *facts, const char *path, int64_t value);
/* A width by name, of VALUE, that shares a part of its name with PATH, a parameter's ("cfg['projector']['in_dim']" with "model.projector.fc1.weight"); NULL. */
const json_t *cause_width_of_path(const struct cause_facts *facts, const char *path, int64_t value);
/* The name that the failing line itself has for VALUE; NULL. */
const json_t *cause_number_on_line(const struct cause_facts *facts, int64_t value);
/* The list in reach (its "len(...)") that has VALUE items, the nearest to the failure; NULL if there is none, there are many, or VALUE is small. */
const json_t *cause_length(const struct cause_facts *facts, int64_t value);
/* The number of VALUE, if one name alone carries it and it isn't small; NULL. */
const json_t *cause_only_number(const struct cause_facts *facts, int64_t value);
/* The numbers within reach, one after the other, frame by frame: AT is zeros at first. NULL: that was all. */
const json_t *cause_next_number(const struct cause_facts *facts, struct text_walk *at);
/* Is it called like one of HINTS? */
bool cause_is_called(const json_t *number, const char *hints);
/* Is it called like a limit, and was it set rather than measured? A number that is merely equal isn't evidence. */
bool cause_is_limit(const struct cause_facts *facts, const json_t *number);
extern const char cause_limits[]; /* HINTS for limits */
extern const char cause_drawing[]; /* operations that draw random numbers, but for those that drop by them */
/* The last name of "self.config.width", "cfg['width']": where it begins in OUT, and how long it is. */
size_t cause_last_name(const char *name, const char **out);
/* The first number whose name's last part is among the blank-separated NAMES; NULL. */
const json_t *cause_number_called(const struct cause_facts *facts, const char *names);
/* The number that is called just NAME, with all that stands before its last name, and is VALUE (NULL: any), innermost frame first; NULL. */
const json_t *cause_number_named(const struct cause_facts *facts, const char *name, const int64_t *value);
/* The value of what is called NAME ("num_queries", "self.window") in the innermost frame that has it; -1. */
int64_t cause_value_of(const struct cause_facts *facts, const char *name);
/* The number that the condition that failed calls by name, and that is VALUE; NULL. */
const json_t *cause_checked_number(const struct cause_facts *facts, int64_t value);
/* " (args.cutoff_len = 40, run.yaml:7)" of a number. */
void cause_add_number(const struct cause_facts *facts, struct text *text, const json_t *number);

/* WHOLE isn't a multiple of BY, which is called NAME: says so where something like it is set otherwise ("merge_size" of the processor, "spatial_merge_size" of the model), to
 * what divides WHOLE: in OUT's evidence, and first in its fix. False where nothing is. */
bool cause_tell_namesake(const struct cause_facts *facts, const char *name, int64_t whole, int64_t by, struct cause *out);
/* Is NUMBER small, and of those that are called by one of HINTS and have its value only one, of other names? */
bool cause_is_ambiguous(const struct cause_facts *facts, const json_t *number, const char *hints);

/* "the last, smaller batch: loader.sampler.num_samples = 11 = 1 x 8 + 3", where a loader within reach makes batches of FULL and has samples that
 * leave REST; false where none does. */
bool cause_add_last_batch(const struct cause_facts *facts, struct text *text, int64_t full, int64_t rest);
/* The same, of SIDE whose dimension 0 a batch has that is smaller than all that its line put together before; in the data's phase a batch size by name is enough. */
bool cause_add_smaller_batch(const struct cause_facts *facts, const struct cause_side *side, struct text *text);

/* STEP stacked fewer pieces than in every call before, and of one mapping in the frames one key has as many rows as these, another as many as ever: says so (TEXT, a clause), and
 * what to change (FIX); false if it isn't so. */
bool cause_tell_lacking(const struct cause_facts *facts, const struct lineage_step *step, struct text *text, struct text *fix);

/* Is no sample missing from the batch: has it as many as its loader's batches have, or is ASKED the length of a list by the failing line? */
bool cause_batch_is_full(const struct cause_facts *facts, int64_t asked);

/* MOST is a few more than BOUND, and the file of STEP's line holds something to a number by name that is BOUND: says so, first in OUT's fix. False where it
 * doesn't. */
bool cause_add_checked_before(const struct cause_facts *facts, const struct lineage_step *step, int64_t bound, int64_t most, struct cause *out);

/* SIZE is more than BOUND: says so of numbers of one object (settings) that each are below it and together are not, first in OUT's fix. False
 * where there are none. */
bool cause_add_sum(const struct cause_facts *facts, int64_t size, int64_t bound, struct cause *out);

/* The layer that fails (its weight is mismatch->against) has weights that were loaded: says by what (TEXT) and, in the FIX, what they ask for, as it can't be
 * built otherwise; where the model gives back as many as it was given and takes more, what is to be joined to them. OF: "channels". False if they weren't loaded. */
bool cause_tell_loaded_layer(const struct cause_facts *facts, struct cause *out, const char *of);

/* SIDE is of a tensor that has no data: says so of tensors of its shape that were read from a checkpoint and that nothing took. */
void cause_add_untaken(const struct cause_facts *facts, struct cause *out, const struct cause_side *side);

/* Of the numbers of VALUE that are called by one of HINTS (names of a picture's side), and by the last name of LIKE if that is given, one that a file
 * sets, else a mapping has, as they are read from files, else the first; NULL. */
const json_t *cause_picture_number(const struct cause_facts *facts, int64_t value, const char *hints, const json_t *like);
extern const char cause_picture_names[]; /* HINTS for what a model's picture has */
/* The picture that a strided layer on SIDE's way, not before step FROM, made what SIDE has of: its side, the layer's stride, and what decided the side. */
struct cause_picture { int layer; int64_t over, stride; const struct lineage_step *made /* NULL: not known */; };
bool cause_picture(const struct cause_side *side, int from, struct cause_picture *out);
/* ": `cfg['size'] = 96` ..." of where the picture was made, into TEXT: a clause, with the number by name that its side is. */
void cause_add_picture(const struct cause_facts *facts, struct text *text, const struct cause_picture *picture);

/* Did what STEP made come out of a file: read there, or, having come in ready-made, by a line of the program that says so? What was loaded may be a copy by then. */
bool cause_was_loaded(const struct cause_facts *facts, const struct lineage_step *step);

/* Are the SAVED positions and the MODEL's both squares, or one more, and so of a grid of patches? Says so, and of which pictures, where their sizes are in reach. */
bool cause_add_saved_grid(const struct cause_facts *facts, struct cause *out, int64_t saved, int64_t model);

/* Two lists of positions, of unequal length, are joined: nothing ragged, but pairs that don't pair. */
bool cause_are_markers(const struct cause_facts *facts);
/* The index that is out of range is positions, not tokens: 0, 1, 2, ... of each row alike, or made by counting. */
bool cause_are_positions(const struct cause_facts *facts);
/* One dimension is viewed as several whose product is another. */
bool cause_is_split(const struct cause_facts *facts);
/* The sizes of the view that one dimension, WHOLE, of the input is split into; how many (at most ROOM), 0 if it isn't that. */
#define CAUSE_SPLIT_MOST 4
int cause_split_sizes(const struct cause_facts *facts, int64_t *whole, int64_t *parts, int room);
/* The same of two, one of which it was divided by: WHOLE isn't a multiple of BY. */
bool cause_split_by(const struct cause_facts *facts, int64_t *whole, int64_t *by);
/* What the exception that the failed one was raised on as says, if it tells a range: a clause of TEXT; false where it tells none. */
bool cause_add_told_range(const struct cause_facts *facts, struct text *text);
/* The index is positions that are counted from more than 0, and goes beyond a table that so holds as many fewer: says so, what a limit by name leaves out,
 * and what to change; false if it isn't that, or (JOINED) if nothing was joined to what such a limit left. */
bool cause_tell_offset(const struct cause_facts *facts, struct cause *out, bool joined);
/* A loss over classes. */
bool cause_is_loss(const struct cause_facts *facts);

#endif
