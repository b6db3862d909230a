/* PNG by libpng. Its errors leave by longjmp, so all state lives in one struct outside the function
 * that calls setjmp, and nothing between the two owns anything. */
#include "media/still_codec.h"

#include <string.h>

#include <png.h>
#include <zlib.h>

#include "base/mem.h"

/* Text and profile chunks may not unpack to more. */
#define CHUNK_BYTES_MAX ((png_alloc_size_t)16 << 20)
/* On photographs a third to a half of level 6's time for 3 to 7 % more bytes. */
#define DEFLATE_LEVEL 3

struct png_state {
    png_structp png;
    png_infop info;
    bool writing;
    bool no_memory;
    const uint8_t *bytes; /* reading: what is left */
    size_t left;
    struct fus_bytes made; /* writing */
    uint8_t *rows;         /* BGRA or grey */
    uint8_t *icc;          /* writing: the packed chunk */
};

static void state_done(struct png_state *state)
{
    if (state->writing)
        png_destroy_write_struct(&state->png, &state->info);
    else
        png_destroy_read_struct(&state->png, &state->info, NULL);
    fus_free(state->made.data);
    fus_free(state->rows);
    fus_free(state->icc);
}
#define AUTO_STATE __attribute__((cleanup(state_done)))

__attribute__((noreturn)) static void leave(png_structp png, png_const_charp message)
{
    if (strstr(message, "emory"))
        ((struct png_state *)png_get_error_ptr(png))->no_memory = true;
    png_longjmp(png, 1);
}

static void ignore(png_structp png, png_const_charp message)
{
    (void)png;
    (void)message;
}

static void take_bytes(png_structp png, png_bytep to, size_t size)
{
    struct png_state *state = png_get_io_ptr(png);
    if (size > state->left)
        png_error(png, "the file breaks off");
    memcpy(to, state->bytes, size);
    state->bytes += size;
    state->left -= size;
}

static void give_bytes(png_structp png, png_bytep from, size_t size)
{
    struct png_state *state = png_get_io_ptr(png);
    if (!fus_bytes_append(&state->made, from, size))
        png_error(png, "no memory");
}

static void flush_nothing(png_structp png)
{
    (void)png;
}

static int out_of_memory(struct fus_error *err)
{
    return fus_error_set(err, FUS_E_OUT_OF_MEMORY, "No memory for a PNG picture.");
}

/* The profile is taken and given as it is, past libpng, which drops profiles that it finds fault
 * with. One that does not unpack is left out, as libpng does: the pixels are good. */
static void read_icc(const struct fus_still_header *header, struct fus_still *still)
{
    const uint8_t *name_end = header->icc ? memchr(header->icc, 0, header->icc_size) : NULL;
    size_t skip = name_end ? (size_t)(name_end - header->icc) + 2 : 0;
    if (!name_end || skip >= header->icc_size || name_end[1] != 0)
        return;
    uint8_t head[128];
    uLongf size = sizeof(head);
    /* Asked for too little, uncompress fills what there is room for: the length stands first. */
    int status = uncompress(head, &size, header->icc + skip, header->icc_size - skip);
    if ((status != Z_OK && status != Z_BUF_ERROR) || size < sizeof(head))
        return;
    size = (uLongf)head[0] << 24 | (uLongf)head[1] << 16 | (uLongf)head[2] << 8 | head[3];
    if (size < sizeof(head) || size > CHUNK_BYTES_MAX)
        return;
    FUS_AUTO_FREE uint8_t *profile = fus_malloc(size);
    uLongf length = size;
    if (!profile ||
        uncompress(profile, &length, header->icc + skip, header->icc_size - skip) != Z_OK)
        return;
    still->icc = FUS_TAKE(profile);
    still->icc_size = length;
}

/* false: out of memory. */
static bool write_icc(struct png_state *state, const struct fus_still_job *job)
{
    static const char name[] = "ICC\0"; /* its end, and method 0 */
    uLongf size = compressBound((uLong)job->icc_size);
    state->icc = fus_malloc(size + sizeof(name));
    if (!state->icc)
        return false;
    memcpy(state->icc, name, sizeof(name));
    if (compress(state->icc + sizeof(name), &size, job->icc, (uLong)job->icc_size) != Z_OK)
        return false;
    png_write_chunk(state->png, (png_const_bytep) "iCCP", state->icc, size + sizeof(name));
    return true;
}

/* Everything becomes 8-bit BGR or BGRA. */
static void set_transforms(png_structp png, bool alpha)
{
    png_set_expand(png);
    png_set_strip_16(png); /* v >> 8, as OpenCV (and so FaceFusion) reads it */
    png_set_gray_to_rgb(png);
    png_set_bgr(png);
    if (!alpha)
        png_set_strip_alpha(png);
}

/* An interlaced picture comes in seven passes over the same rows, so they are kept until the last.
 */
static void read_rows(struct png_state *state, struct fus_still *still, int passes,
                      size_t row_bytes)
{
    struct fus_image *image = &still->image;
    for (int pass = 0; pass < passes; pass++) {
        for (int y = 0; y < image->height; y++) {
            uint8_t *bgr = image->plane[0] + image->stride_bytes[0] * y;
            uint8_t *row = bgr;
            if (state->rows)
                row = state->rows + (passes > 1 ? row_bytes * (size_t)y : 0);
            png_read_row(state->png, row, NULL);
            if (state->rows && pass == passes - 1)
                fus_bgra_split(row, bgr, still->alpha.plane[0] + still->alpha.stride_bytes[0] * y,
                               image->width);
        }
    }
}

static int decode_body(struct png_state *state, const struct fus_still_header *header,
                       struct fus_still *still, struct fus_error *err)
{
    int width = (int)header->width, height = (int)header->height;
    png_set_read_fn(state->png, state, take_bytes);
    png_set_user_limits(state->png, 1u << 30, 1u << 30);
    png_set_chunk_malloc_max(state->png, CHUNK_BYTES_MAX);
    png_set_chunk_cache_max(state->png, 64);
    png_set_keep_unknown_chunks(state->png, PNG_HANDLE_CHUNK_NEVER, (png_const_bytep) "iCCP", 1);
    png_read_info(state->png, state->info);
    bool alpha = (png_get_color_type(state->png, state->info) & PNG_COLOR_MASK_ALPHA) != 0 ||
                 png_get_valid(state->png, state->info, PNG_INFO_tRNS) != 0;
    still->grey = header->grey;
    read_icc(header, still);
    set_transforms(state->png, alpha);
    int passes = png_set_interlace_handling(state->png);
    png_read_update_info(state->png, state->info);
    size_t row_bytes = (size_t)width * (alpha ? 4 : 3);
    if (png_get_rowbytes(state->png, state->info) != row_bytes)
        return fus_error_set(err, FUS_E_UNSUPPORTED_MEDIA, "This variant of PNG is not supported.");
    int rc = fus_image_alloc(&still->image, FUS_PIXEL_BGR8, width, height, err);
    if (rc == 0 && alpha) {
        rc = fus_image_alloc(&still->alpha, FUS_PIXEL_GRAY8, width, height, err);
        if (rc == 0 && !(state->rows = fus_calloc(passes > 1 ? (size_t)height : 1, row_bytes)))
            rc = out_of_memory(err);
    }
    if (rc < 0)
        return rc;
    read_rows(state, still, passes, row_bytes);
    png_read_end(state->png, NULL);
    return 0;
}

int fus_png_decode(const uint8_t *bytes, size_t size, const struct fus_still_header *header,
                   struct fus_still *still, struct fus_error *err)
{
    AUTO_STATE struct png_state state = {.bytes = bytes, .left = size};
    state.png = png_create_read_struct(PNG_LIBPNG_VER_STRING, &state, leave, ignore);
    if (state.png)
        state.info = png_create_info_struct(state.png);
    if (!state.info)
        return out_of_memory(err);
    if (setjmp(png_jmpbuf(state.png)))
        return state.no_memory ? out_of_memory(err)
                               : fus_error_set(err, FUS_E_CORRUPT_MEDIA,
                                               "The PNG file is damaged or breaks off.");
    return decode_body(&state, header, still, err);
}

static int encode_body(struct png_state *state, const struct fus_still_job *job,
                       struct fus_error *err)
{
    const struct fus_image *image = job->image;
    int type = job->grey    ? job->alpha ? PNG_COLOR_TYPE_GRAY_ALPHA : PNG_COLOR_TYPE_GRAY
               : job->alpha ? PNG_COLOR_TYPE_RGB_ALPHA
                            : PNG_COLOR_TYPE_RGB;
    bool joined = job->grey || job->alpha;
    png_set_write_fn(state->png, state, give_bytes, flush_nothing);
    png_set_compression_level(state->png, DEFLATE_LEVEL);
    png_set_IHDR(state->png, state->info, (png_uint_32)image->width, (png_uint_32)image->height, 8,
                 type, PNG_INTERLACE_NONE, PNG_COMPRESSION_TYPE_DEFAULT, PNG_FILTER_TYPE_DEFAULT);
    png_write_info_before_PLTE(state->png, state->info);
    if (job->icc && !write_icc(state, job))
        return out_of_memory(err);
    png_write_info(state->png, state->info);
    if (!job->grey)
        png_set_bgr(state->png);
    if (joined && !(state->rows = fus_calloc((size_t)image->width, 4)))
        return out_of_memory(err);
    for (int y = 0; y < image->height; y++) {
        const uint8_t *bgr = image->plane[0] + image->stride_bytes[0] * y;
        const uint8_t *alpha =
            job->alpha ? job->alpha->plane[0] + job->alpha->stride_bytes[0] * y : NULL;
        const uint8_t *row = joined ? state->rows : bgr;
        if (job->grey) {
            int step = alpha ? 2 : 1;
            for (int x = 0; x < image->width; x++) {
                state->rows[step * x] = bgr[3 * x + 1];
                if (alpha)
                    state->rows[2 * x + 1] = alpha[x];
            }
        } else if (alpha) {
            fus_bgra_join(bgr, alpha, state->rows, image->width);
        }
        png_write_row(state->png, row);
    }
    png_write_end(state->png, state->info);
    return 0;
}

int fus_png_encode(const struct fus_still_job *job, uint8_t **bytes, size_t *size,
                   struct fus_error *err)
{
    AUTO_STATE struct png_state state = {.writing = true};
    state.png = png_create_write_struct(PNG_LIBPNG_VER_STRING, &state, leave, ignore);
    if (state.png)
        state.info = png_create_info_struct(state.png);
    if (!state.info)
        return out_of_memory(err);
    if (setjmp(png_jmpbuf(state.png)))
        return state.no_memory ? out_of_memory(err)
                               : fus_error_set(err, FUS_E_INTERNAL, "The PNG encoder failed.");
    int rc = encode_body(&state, job, err);
    if (rc < 0)
        return rc;
    *size = state.made.size;
    *bytes = FUS_TAKE(state.made.data);
    return 0;
}
