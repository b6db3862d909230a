/* The structure of a GIF: blocks up to the trailer (GIF89a specification). Thread-safe; fuzzed by
 * tests/fuzz/fuzz_sniff.c. */
#ifndef FUS_MEDIA_GIF_H
#define FUS_MEDIA_GIF_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct fus_gif_facts {
    int width, height; /* of the screen */
    int pictures;      /* whole ones; not looked for beyond the second */
    bool has_alpha;    /* the first picture has a transparent colour or leaves part of the screen */
};
/* Walks a GIF in memory; false if it is no GIF or breaks off before its first picture ends. */
bool fus_gif_walk(const uint8_t *bytes, size_t size, struct fus_gif_facts *facts);

/* Whether an open GIF has more than one picture; reads the file piece by piece (pread). */
bool fus_gif_moves(int fd);

#endif
