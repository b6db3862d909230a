/* Runs a libFuzzer target without libFuzzer: every file named or found in a folder, then so many
 * damaged copies of each. The same seed gives the same run, so these are ordinary tests.
 *
 *   fuzz_sniff [-rounds=N] file-or-folder... */
#include <dirent.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define INPUT_BYTES_MAX ((size_t)1 << 20)

static uint32_t next(uint64_t *seed)
{
    *seed = *seed * 6364136223846793005u + 1442695040888963407u;
    return (uint32_t)(*seed >> 33);
}

/* An exact copy on the heap, so that a sanitizer sees every step beyond its end. */
static void run_one(const uint8_t *bytes, size_t size)
{
    uint8_t *copy = malloc(size ? size : 1);
    if (!copy)
        abort();
    memcpy(copy, bytes, size);
    LLVMFuzzerTestOneInput(copy, size);
    free(copy);
}

static size_t damage(uint8_t *bytes, size_t size, uint64_t *seed)
{
    static const uint8_t awkward[] = {0x00, 0x01, 0x7f, 0x80, 0xfe, 0xff};
    unsigned changes = 1 + next(seed) % 8;
    /* Half of the changes hit the head, where lengths and sizes stand. */
    for (unsigned i = 0; i < changes && size > 0; i++) {
        size_t at = next(seed) % (next(seed) & 1 && size > 64 ? 64 : size);
        switch (next(seed) % 4) {
        case 0:
            bytes[at] ^= (uint8_t)(1u << next(seed) % 8);
            break;
        case 1:
            bytes[at] = awkward[next(seed) % sizeof(awkward)];
            break;
        case 2:
            bytes[at] = (uint8_t)next(seed);
            break;
        default:
            if (next(seed) % 8 == 0)
                size = at; /* cut */
            else if (size - at > 1)
                memmove(bytes + at, bytes + at + 1, size - at - 1);
        }
    }
    return size;
}

static size_t run_file(const char *path, long rounds, uint64_t *seed)
{
    FILE *file = fopen(path, "rb");
    uint8_t *bytes = malloc(INPUT_BYTES_MAX), *work = malloc(INPUT_BYTES_MAX);
    if (!file || !bytes || !work) {
        fprintf(stderr, "cannot read %s\n", path);
        exit(1);
    }
    size_t size = fread(bytes, 1, INPUT_BYTES_MAX, file);
    fclose(file);
    run_one(bytes, size);
    for (long i = 0; i < rounds; i++) {
        memcpy(work, bytes, size);
        run_one(work, damage(work, size, seed));
    }
    free(bytes);
    free(work);
    return 1 + (size_t)rounds;
}

static int by_name(const struct dirent **a, const struct dirent **b)
{
    return strcmp((*a)->d_name, (*b)->d_name);
}

static size_t run_folder(const char *folder, long rounds, uint64_t *seed)
{
    struct dirent **entries = NULL;
    size_t ran = 0;
    int count = scandir(folder, &entries, NULL, by_name);
    for (int i = 0; i < count; i++) {
        char path[4096];
        if (entries[i]->d_name[0] != '.' &&
            snprintf(path, sizeof(path), "%s/%s", folder, entries[i]->d_name) < (int)sizeof(path))
            ran += run_file(path, rounds, seed);
        free(entries[i]);
    }
    free(entries);
    return ran;
}

/* Where there is no corpus: bytes of nothing in particular. */
static size_t run_noise(long rounds, uint64_t *seed)
{
    for (long i = 0; i < rounds; i++) {
        uint8_t bytes[512];
        size_t size = next(seed) % sizeof(bytes);
        for (size_t k = 0; k < size; k++)
            bytes[k] = (uint8_t)next(seed);
        run_one(bytes, size);
    }
    return (size_t)rounds;
}

int main(int argc, char **argv)
{
    long rounds = 0;
    uint64_t seed = 1;
    size_t ran = 0;
    for (int i = 1; i < argc; i++) {
        struct stat facts;
        if (strncmp(argv[i], "-rounds=", 8) == 0)
            rounds = strtol(argv[i] + 8, NULL, 10);
        else if (stat(argv[i], &facts) == 0 && S_ISDIR(facts.st_mode))
            ran += run_folder(argv[i], rounds, &seed);
        else
            ran += run_file(argv[i], rounds, &seed);
    }
    if (ran == 0)
        ran = run_noise(rounds, &seed);
    printf("ran %zu inputs\n", ran);
    return 0;
}
